"""How a HubSpot account is loaded from."""

import json

from orchestration.live import hubspot
from tests.live.servers.hubspot import TOKEN

NAME = "LEAD_FUNNEL_HUBSPOT_"


def source_of(server, **more):
    given = {f"{NAME}TOKEN": TOKEN, f"{NAME}URL": server.address}
    given.update({NAME + key: value for key, value in more.items()})
    [source] = hubspot.sources(given)
    source.patience = 0.001
    return source


def landed(project, table, *columns):
    """Rows of the store, as its files have them."""
    import pyarrow.parquet as pq

    found = []
    for path in sorted((project.landed / "hubspot" / table).glob("*.parquet")):
        for row in pq.read_table(path).to_pylist():
            found.append(tuple(row.get(name) for name in columns or ("id",)))
    return found


def rows(source, table, place):
    """All rows of a table from a place on, and the place behind them."""
    found = []
    for page in source.pages(table, place):
        found.extend(page.rows)
        place = json.loads(json.dumps(page.place))
    return found, place
