"""Which rows of a table are new, by the instant at which its loader wrote them.

Loads add to the store and never take away, so a row that was loaded should not be
added again each time. It is told by a digest of all that it says. Rows near the newest
instant are remembered by their digests; of more than MOST_REMEMBERED, the sum of
them tells whether any is another, and then all of them are loaded again, which does
no harm: the input layer knows copies. A table whose loader writes no instant is one
such heap, read whole each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

MOST_REMEMBERED = 50_000

ALWAYS = float("inf")
"""The instant of rows that have none."""


@dataclass
class Heap:
    """Rows by their digests, with the second of each."""

    digests: np.ndarray
    seconds: np.ndarray

    @classmethod
    def empty(cls) -> Heap:
        import numpy as np

        return cls(np.empty(0, np.uint64), np.empty(0, np.float64))

    def with_rows(self, digests: Iterable[int], seconds: Iterable[float]) -> Heap:
        import numpy as np

        return Heap(
            np.concatenate([self.digests, np.fromiter(digests, np.uint64)]),
            np.concatenate([self.seconds, np.fromiter(seconds, np.float64)]),
        )

    def since(self, second: float) -> Heap:
        kept = self.seconds >= second
        return self if kept.all() else Heap(self.digests[kept], self.seconds[kept])

    def place(self) -> dict[str, Any]:
        """As JSON has it: the digests themselves, or what they add up to."""
        import numpy as np

        if len(self.digests) <= MOST_REMEMBERED:
            return {"rows": [format(each, "x") for each in self.digests.tolist()]}
        total = int(np.sum(self.digests, dtype=np.uint64))
        return {"count": len(self.digests), "sum": format(total, "x")}


@dataclass
class News:
    """What an earlier load knew of a table, and what this one has found out."""

    before: Mapping[str, Any]
    """The place of the load before."""
    known: frozenset[int] | None = field(init=False)
    """Digests of the rows that are read again; none where they were too many."""
    heap: Heap = field(init=False)

    def __post_init__(self) -> None:
        rows = self.before.get("rows")
        self.known = (
            frozenset()
            if not self.before
            else None
            if rows is None
            else frozenset(int(each, 16) for each in rows)
        )
        self.heap = Heap.empty()

    @property
    def is_decided_at_the_end(self) -> bool:
        """Whether only all rows together tell if any is new."""
        return self.known is None

    def new(self, table: pa.Table, seconds: Sequence[float]) -> pa.Table:
        """The rows of a part that no load had; all of them where that is decided at the
        end."""
        digests = list(digests_of(table))
        self.heap = self.heap.with_rows(digests, seconds)
        if self.known is None or not self.known:
            return table
        import pyarrow as pa

        return table.filter(pa.array([each not in self.known for each in digests]))

    def is_as_before(self, newest_second: float) -> bool:
        """Whether the rows up to that second, or without one, are those of the load
        before."""
        old = (self.heap.seconds <= newest_second) | (self.heap.seconds == ALWAYS)
        found = Heap(self.heap.digests[old], self.heap.seconds[old]).place()
        return all(found.get(key) == self.before.get(key) for key in ("count", "sum"))


def digests_of(table: pa.Table) -> Iterable[int]:
    """For each row a number of 64 bits, from all that it says: a column that is new and
    empty in it makes it no other."""
    names = [f"{name}\x1e" for name in sorted(table.column_names)]
    columns = [table.column(name).to_pylist() for name in sorted(table.column_names)]
    for row in zip(*columns, strict=True):
        text = "\x1f".join(
            name + value
            for name, value in zip(names, row, strict=True)
            if value is not None
        )
        digest = hashlib.blake2b(text.encode(), digest_size=8).digest()
        yield int.from_bytes(digest, "big")
