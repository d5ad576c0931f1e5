"""What a live source is: a system that hands over the rows of its raw tables."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from orchestration.errors import LeadFunnelError

if TYPE_CHECKING:
    import pyarrow as pa

PREFIX = "LEAD_FUNNEL_"

OVERLAP = "LEAD_FUNNEL_LIVE_OVERLAP_MINUTES"
OVERLAP_MINUTES = 60
"""How far back of the newest row a load begins: a row may be written late, and
several share an instant."""

Environment = Mapping[str, str]


class PassingError(LeadFunnelError):
    """What may pass by itself: a limit, an outage. Trying again later may mend it."""


@dataclass(frozen=True)
class Page:
    """Rows of one table as the system hands them over."""

    rows: Sequence[Mapping[str, Any]] | pa.Table
    """By the names that the system gives its columns. What is nested is kept as JSON
    text."""
    place: Mapping[str, Any]
    """Where the next load goes on after these rows, as JSON has it."""
    columns: Sequence[str] = ()
    """All columns that the table has at its source, where that is known: one that is
    none of them any more is said to be gone."""
    is_file: bool = False
    """Whether the rows are those of a file of their own, as the later of two files
    counts in some tables (`is_by_file`)."""


@dataclass(frozen=True)
class Finding:
    """What was found out about a source, in a sentence."""

    sentence: str
    kind: str = "fine"
    """`fine`, `warning` (rows or columns are missing) or `error` (it cannot be
    loaded)."""


@dataclass
class Source(ABC):
    """A system that is loaded from, with the credentials that the environment has.

    To make one costs nothing and asks nobody: clients are made when rows are.
    """

    environ: Environment = field(repr=False)

    system: str = field(init=False, default="")
    """Whose raw tables it fills, as the folders of LANDING are called."""
    way: str = field(init=False, default="api")
    """`api` or `database`."""
    folder: Path | None = field(init=False, default=None)
    """Where it may keep files from one load to the next; a load says it."""

    @property
    def name(self) -> str:
        """What its pipeline is called."""
        return f"{self.system}_{self.way}"

    @property
    @abstractmethod
    def tables(self) -> tuple[str, ...]:
        """The raw tables that it fills, in the order that they are loaded in."""

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """Values that nobody may read: they are crossed out of all that is said."""

    @abstractmethod
    def pages(self, table: str, place: Mapping[str, Any]) -> Iterator[Page]:
        """The rows of a table from a place on; of an empty place, all. Each page says
        the place behind it, so a load that is interrupted goes on there."""

    @abstractmethod
    def check(self) -> Iterator[Finding]:
        """Whether the credentials, permissions and limits do for a load."""

    def usage(self) -> str:
        """What the load took of the system's limits, in a sentence."""
        return ""

    def close(self) -> None:  # noqa: B027
        """Let go of connections."""

    @property
    def overlap_minutes(self) -> int:
        return whole_number(self.environ, OVERLAP, OVERLAP_MINUTES)


def given(environ: Environment, name: str) -> str:
    """A variable's text without blanks around it; blank where it is not there."""
    return environ.get(name, "").strip()


def whole_number(environ: Environment, name: str, default: int) -> int:
    text = given(environ, name)
    if not text:
        return default
    if not text.isascii() or not text.isdigit():
        raise LeadFunnelError(f"{name} is {text!r}, but must be a whole number.")
    return int(text)


def names_in(environ: Environment, name: str) -> tuple[str, ...]:
    """A list that is separated by commas."""
    return tuple(each.strip() for each in given(environ, name).split(",") if each)


def crossed_out(text: str, secrets: Iterable[str]) -> str:
    """The text without secrets, however an address, JSON or Python writes them; of one
    with several lines, such as a private key, without each line."""
    parts = {part for secret in secrets for part in (secret, *secret.splitlines())}
    for part in sorted((each for each in parts if each.strip()), key=len, reverse=True):
        forms = {part, quote(part, ""), quote_plus(part), dumps(part)[1:-1]}
        for form in forms | {repr(form)[1:-1] for form in forms}:
            text = text.replace(form, "•••")
    return text
