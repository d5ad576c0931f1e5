"""Unicode text functions for DuckDB, which has no NFKC of its own.

dbt-duckdb loads this module as a plugin (`profiles.yml`) and calls
`Plugin.configure_connection` on every connection it opens. Only tables are
built with these functions; no staging view needs them, so that any reader can
open the staging views without registering anything.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb.sqltypes import VARCHAR

from orchestration import warehouse


def same_text(texts: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """What is compared where two texts count as the same.

    After Unicode's compatibility composition (full-width A becomes A, ㈱ (株)),
    trimming of Unicode space and lower-casing.
    """
    composed = pc.utf8_normalize(texts, form="NFKC")
    return pc.utf8_lower(pc.utf8_trim_whitespace(composed))


FUNCTIONS = {"unicode_same_text": same_text}


def register(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the text functions callable in SQL, once per open database."""
    known = {
        name
        for (name,) in connection.execute(
            "select function_name from duckdb_functions()"
            " where starts_with(function_name, 'unicode_')"
        ).fetchall()
    }
    for name, function in FUNCTIONS.items():
        if name not in known:
            connection.create_function(
                name, function, [VARCHAR], VARCHAR, type="arrow", side_effects=False
            )


class Plugin(BasePlugin):
    """What dbt-duckdb looks for in a plugin module."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        warehouse.configure(conn)
        register(conn)
