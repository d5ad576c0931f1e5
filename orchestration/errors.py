"""The one kind of error that a user is meant to read."""

import difflib
from collections.abc import Iterable


class LeadFunnelError(Exception):
    """Something the user can mend: a sentence that says what is wrong and what
    to do about it. Everything else is a fault of the program."""


LONGEST_NAME = 300
"""Characters of a name from outside that a sentence shows."""


def shorter(name: str) -> str:
    """A name as a sentence may show it, however long it is."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def listed(names: Iterable[object], limit: int = 8) -> str:
    """The names as text for a sentence: a, b and c."""
    texts = [shorter(str(name)) for name in names]
    if len(texts) > limit:
        texts = [*texts[:limit], f"{len(texts) - limit} more"]
    if len(texts) < 2:
        return "".join(texts)
    return ", ".join(texts[:-1]) + " and " + texts[-1]


MOST_COMPARED = 2_000
"""Names among which a slip is looked for: it takes a millisecond for twenty."""
CLOSE = 0.6
"""How alike two names are, of 1, for one to be a slip of the other."""


def meant(name: str, known: Iterable[str], closeness: float = CLOSE) -> str:
    """` (did you mean 'x'?)` where a known name is close, else nothing."""
    known = list(known)
    if len(known) > MOST_COMPARED:
        return ""
    close = difflib.get_close_matches(shorter(name), known, n=1, cutoff=closeness)
    return f" (did you mean {close[0]!r}?)" if close else ""
