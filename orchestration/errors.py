"""The one kind of error that a user is meant to read."""


class LeadFunnelError(Exception):
    """Something the user can mend: a sentence that says what is wrong and what
    to do about it. Everything else is a fault of the program."""


def listed(names: object, limit: int = 8) -> str:
    """The names as text for a sentence: a, b and c."""
    texts = [str(name) for name in names]  # type: ignore[attr-defined]
    if len(texts) > limit:
        texts = [*texts[:limit], f"{len(texts) - limit} more"]
    if len(texts) < 2:
        return "".join(texts)
    return ", ".join(texts[:-1]) + " and " + texts[-1]
