"""Tables that others landed: in a database that Fivetran, Airbyte or Stitch fill, or as
files in a folder or bucket.

`LEAD_FUNNEL_SOURCE_<SYSTEM>` names the place. `address.py` reads it, `tables.py` loads
a database's tables with dlt's SQL source, `folder.py` files through fsspec, `text.py`
and `news.py` are what both need: values as text, and which rows are new.
"""

from __future__ import annotations

from collections.abc import Iterator

from orchestration.live.database.address import VARIABLE, Address
from orchestration.live.source import Environment, Source, given
from orchestration.sources.tables import LOADED_SYSTEMS


def sources(environ: Environment) -> Iterator[Source]:
    """One for each system that a variable names a place of."""
    from orchestration.live.database.folder import Folder
    from orchestration.live.database.tables import Database

    for name in sorted(environ):
        if name.startswith(VARIABLE) and given(environ, name):
            address = Address.read(name, given(environ, name), LOADED_SYSTEMS)
            kind = Folder if address.is_folder else Database
            yield kind(environ, address)
