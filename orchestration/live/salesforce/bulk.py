"""Large queries by Bulk API 2.0, as a job whose results are fetched piece by piece.

simple-salesforce 1.12 asks for jobs of the operation `query` alone, which leaves out
deleted rows; so the job is made and its results are fetched by its session. The
rows of a job come in any order: until the last piece the cursor stays where it was,
and the place says which job is at which piece.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orchestration.errors import LeadFunnelError
from orchestration.live.cursor import Cursor, as_instant
from orchestration.live.salesforce.client import LocatorExpired
from orchestration.live.source import Page, PassingError
from orchestration.run import progress

if TYPE_CHECKING:
    from orchestration.live.salesforce import Salesforce
    from orchestration.live.salesforce.objects import Object

PIECE = 50_000
"""Rows of a job that are fetched at once."""
FIRST_WAIT, LONGEST_WAIT = 2.0, 30.0
MOST_WAITED = 4 * 3600
"""Seconds that a job is waited for."""
WIDEST_FIELD = 1 << 20


def pages(
    source: Salesforce,
    of: Object,
    fields: Sequence[str],
    cursor: Cursor,
    job: Mapping[str, Any] | None = None,
) -> Iterator[Page]:
    """The rows of a query since the cursor; of a job that an earlier load began, the
    pieces that are left. A job that is not to be had any more is begun again."""
    if job is not None:
        try:
            yield from _pieces(source, of, cursor, job)
            return
        except LocatorExpired:
            pass
    yield from _pieces(source, of, cursor, _begun(source, of, fields, cursor))


def _begun(
    source: Salesforce, of: Object, fields: Sequence[str], cursor: Cursor
) -> dict[str, Any]:
    from orchestration.live.salesforce.objects import query_of

    # In the order of the cursor Salesforce could not divide the work.
    soql = query_of(of, fields, cursor.since).rpartition(" order by ")[0]
    made = source.client.rest(
        "jobs/query",
        "POST",
        json={
            "operation": "queryAll",
            "query": soql,
            "contentType": "CSV",
            "columnDelimiter": "COMMA",
            "lineEnding": "LF",
        },
    )
    return {
        "id": made["id"],
        "began": made["createdDate"],
        "fields": list(fields),
        "locator": "",
        "newest": None,
    }


def _pieces(
    source: Salesforce, of: Object, cursor: Cursor, job: Mapping[str, Any]
) -> Iterator[Page]:
    before = cursor.place()
    _await(source, of, job["id"])
    ahead = Cursor.at(job["newest"] or before, source.overlap_minutes)
    locator = job["locator"]
    while True:
        content, locator = source.client.results(job["id"], locator, PIECE)
        rows = list(_rows(content))
        new = ahead.new(rows, "Id", of.cursor)
        if not locator:
            # Parts of a job are read one after another: what changed meanwhile in one
            # that was read before is asked for by the next load.
            began = as_instant(job["began"])
            if ahead.newest and began:
                ahead.newest = min(ahead.newest, began)
            yield Page(new, ahead.place(), job["fields"])
            return
        left = {**job, "locator": locator, "newest": ahead.place()}
        yield Page(new, {**before, "job": left}, job["fields"])


def _await(source: Salesforce, of: Object, job: str) -> None:
    """Wait until the job's results can be fetched."""
    wait, waited = FIRST_WAIT * source.patience, 0.0
    while True:
        state = _state(source, job)
        if state["state"] == "JobComplete":
            return
        if state["state"] in ("Failed", "Aborted"):
            raise LeadFunnelError(
                f"Salesforce's bulk query of {of.name} ended as {state['state']} "
                f"({state.get('errorMessage') or 'no reason was given'}): Setup → Bulk "
                "Data Load Jobs has it."
            )
        if waited > MOST_WAITED:
            raise PassingError(
                f"Salesforce's bulk query of {of.name} has not ended after "
                f"{waited / 3600:.0f} hours: the next load goes on waiting."
            )
        progress.say(f"salesforce.{of.table}: Salesforce prepares the rows")
        time.sleep(wait)
        waited += wait
        wait = min(wait * 1.5, LONGEST_WAIT)


def _state(source: Salesforce, job: str) -> Mapping[str, Any]:
    try:
        return source.client.rest(f"jobs/query/{job}")
    except LeadFunnelError as error:
        if "NOT_FOUND" in str(error):
            raise LocatorExpired(str(error)) from None
        raise


def _rows(content: bytes) -> Iterator[dict[str, str | None]]:
    """A piece's rows; Bulk API 2.0 writes nothing for nothing."""
    csv.field_size_limit(WIDEST_FIELD)
    text = content.decode("utf-8").replace("\0", "")
    for row in csv.DictReader(io.StringIO(text, newline="")):
        yield {name: value or None for name, value in row.items()}
