"""A made-up source that hands over what a test gives it."""

from dataclasses import dataclass, field
from typing import Any

from orchestration.live.source import Finding, Page, Source

SECRET = 'hunter2/+ü"quoted"'


@dataclass
class MadeUp(Source):
    environ: Any = field(default_factory=dict)
    given: dict[str, list[Any]] = field(default_factory=dict)
    """By table: pages, or errors that stand in their way."""
    system: str = "salesforce"
    asked: list[tuple[str, Any]] = field(default_factory=list)

    @property
    def tables(self):
        return ("lead", "lead_history", "user")

    @property
    def secrets(self):
        return (SECRET,)

    def pages(self, table, place):
        self.asked.append((table, dict(place)))
        for page in self.given.get(table, []):
            if isinstance(page, BaseException):
                raise page
            yield page

    def check(self):
        yield Finding(f"signed in with {SECRET}")


def page(*rows, place=None, columns=()):
    return Page(list(rows), {"at": len(rows)} if place is None else place, columns)


def lead(key, **values):
    return {"Id": key, "CreatedDate": "2026-04-01T00:00:00Z", **values}
