"""Who a user id is, and whether that is sales."""

from __future__ import annotations

from dataclasses import dataclass

from orchestration.commands.explain.find import salesforce_match_id
from orchestration.commands.explain.reading import Reading


@dataclass(frozen=True)
class User:
    name: str | None
    role: str | None
    is_sales_user: bool


class Users:
    """The users of one reading, by system and id."""

    def __init__(self, known: dict[tuple[str, str], User]) -> None:
        self.known = known

    @classmethod
    def of(cls, read: Reading, *, names: bool = True) -> Users:
        """The users of a reading; without `names` they are called by their ids."""
        return cls(
            {
                (row["source"], _match_id(row["source"], row["user_id"])): User(
                    row["user_name"] if names else None,
                    row["role"] or None,
                    row["is_sales_user"],
                )
                for row in read.rows(
                    "select source, user_id, user_name, role, is_sales_user "
                    "from {intermediate}.int_users__with_roles "
                    "where user_id is not null order by all"
                )
            }
        )

    def find(self, source: str, user_id: str | None) -> User | None:
        if not user_id or not user_id.strip():
            return None
        return self.known.get((source, _match_id(source, user_id)))

    def name(self, source: str, user_id: str | None) -> str:
        """Such as `Sato Hanako (field_sales)`; blank where nobody is named."""
        if not user_id or not user_id.strip():
            return ""
        user = self.find(source, user_id)
        if user is None:
            return f"{user_id} (unknown user, counts as sales)"
        shown = user.name or user_id
        role = user.role or "no role, counts as sales"
        return f"{shown} ({role})"

    def any_name(self, user_id: str | None) -> str:
        """The same for an id whose system is not known."""
        if not user_id or not user_id.strip():
            return ""
        for source in sorted({source for source, _ in self.known}):
            if self.find(source, user_id):
                return self.name(source, user_id)
        return self.name("", user_id)

    def is_sales(self, source: str, user_id: str | None) -> bool:
        user = self.find(source, user_id)
        return True if user is None else user.is_sales_user


def _match_id(source: str, user_id: str) -> str:
    plain = user_id.strip()
    return salesforce_match_id(plain) if source == "salesforce" else plain
