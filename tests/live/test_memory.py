"""A load needs no more memory for more rows."""

import pyarrow as pa

from orchestration.live.pipeline import load
from orchestration.live.source import Page
from orchestration.project import Project
from tests.live.made_up import MadeUp

PACKAGE_MB = 2


def test_packages_that_were_written_are_let_go(tmp_path):
    project = Project.from_environment({}, landing=tmp_path, out=tmp_path / "out")
    held = []

    class Large(MadeUp):
        def pages(self, table, place):
            for number in range(4 if table == "lead" else 0):
                held.append(pa.total_allocated_bytes())
                text = str(number) * (PACKAGE_MB * 1_000_000 // 10)
                yield Page(pa.table({"Id": [text] * 10}), {"at": number})

    before = pa.total_allocated_bytes()
    load(project, Large(), package_rows=10)
    # While a page is made, at most the one before it is still in memory.
    assert max(held) - before < 2 * PACKAGE_MB * 1_000_000
