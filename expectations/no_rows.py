"""The expectation that a query finds nothing, asked once.

Great Expectations' own counts the rows and then runs the query again to fetch
some, which its result leaves out in every format but one. On a large company
that was half of what the gates cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from great_expectations.expectations import UnexpectedRowsExpectation

COUNT = "unexpected_rows_query.row_count"


class NoRowsExpectation(UnexpectedRowsExpectation):
    """As the class above it; the number of rows decides."""

    metric_dependencies: ClassVar[tuple[str, ...]] = (COUNT,)

    def _validate(
        self, metrics: Mapping[str, Any], *_: Any, **__: Any
    ) -> dict[str, Any]:
        count = metrics[COUNT]
        return {"success": count == 0, "result": {"observed_value": count}}
