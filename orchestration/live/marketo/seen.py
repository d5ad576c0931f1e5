"""The rows of the overlap of two loads, by what tells them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestration.live.marketo.settings import written

if TYPE_CHECKING:
    import pyarrow as pa

MOST_REMEMBERED = 50_000
"""Of more rows of an overlap, all are loaded again: the input layer knows copies."""


@dataclass
class Seen:
    """The rows of the overlap that were loaded before, by what tells them apart."""

    before: Sequence[str]
    key: Sequence[str]
    names: list[str] = field(default_factory=list)
    """Those of this load that the next one gets again."""

    def new(self, rows: pa.RecordBatch, late: datetime) -> pa.Table:
        """Those that were not there before. Late rows are remembered."""
        import pyarrow as pa
        import pyarrow.compute as pc

        names = pc.binary_join_element_wise(
            *(rows.column(name) for name in self.key), "@"
        )
        changed = "updatedAt" if "updatedAt" in self.key else "activityDate"
        is_late = pc.greater_equal(rows.column(changed), written(late))
        self._remember(names.filter(is_late).drop_null().to_pylist())
        if self.before:
            known = pc.is_in(names, value_set=pa.array(self.before, pa.string()))
            rows = rows.filter(pc.invert(known))
        return pa.Table.from_batches([rows])

    def new_rows(
        self, rows: Sequence[Mapping[str, Any]], late: datetime
    ) -> list[Mapping[str, Any]]:
        known = set(self.before)
        named = {str(row.get("marketoGUID") or row.get("id")): row for row in rows}
        self._remember(
            [name for name, row in named.items() if max(instants([row])) >= late]
        )
        return [row for name, row in named.items() if name not in known]

    def _remember(self, names: Sequence[str]) -> None:
        self.names = [*self.names, *names]
        if len(self.names) > MOST_REMEMBERED:
            self.names = []


def instants(rows: Sequence[Mapping[str, Any]]) -> list[datetime]:
    return [datetime.fromisoformat(row["activityDate"]) for row in rows]
