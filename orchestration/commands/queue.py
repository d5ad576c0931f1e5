"""`lead-funnel queue`: the open hand-offs, by who must act and which first."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Annotated, Any

import typer

from orchestration.commands.options import OutOfRun
from orchestration.printable import in_spreadsheet

if TYPE_CHECKING:
    import duckdb
    from rich.table import Table

NOBODY = "(nobody)"
"""Whose leads are that no one owns."""

QUEUE = """
select
    queue.*,
    coalesce(reps.rep_name, queue.owner_id, '(nobody)') as owner
from marts.mart_handoff_queue as queue
left join marts.dim_sales_reps as reps on queue.owner_id = reps.owner_id
order by queue.priority_rank
"""

VERDICT = """
select is_better, verdict from marts.mart_acceptance_model
where period_type = 'all' and predictor = 'model'
"""

STEPS = {"respond": "respond", "decide": "accept or reject"}


def register(app: typer.Typer) -> None:
    app.command(name="queue")(queue)


def queue(
    owner: Annotated[
        str | None,
        typer.Option(
            help="Only the hand-offs of this rep: an id or a name, (nobody) for leads "
            "without an owner."
        ),
    ] = None,
    team: Annotated[
        str | None, typer.Option(help="Only the hand-offs of this team.")
    ] = None,
    overdue: Annotated[
        bool, typer.Option("--overdue", help="Only what is overdue.")
    ] = False,
    proposed: Annotated[
        bool, typer.Option("--proposed", help="Only what is proposed to be accepted.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=0, help="How many are shown; 0 shows all.")
    ] = 20,
    as_csv: Annotated[
        bool,
        typer.Option(
            "--csv", help="Print all columns of mart_handoff_queue as CSV, all rows."
        ),
    ] = False,
    out: OutOfRun = None,
) -> None:
    """Show the open hand-offs: who must act, by when, and which first.

    The order comes from the seed queue_priorities, and each line says why it
    stands where it does. What was published last is shown, as of its instant. Who
    is likely enough to be accepted is proposed; a person decides.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.commands.finance.published import opened, rows
    from orchestration.project import Project
    from orchestration.screen import echo

    with sentences():
        project = Project.from_environment({}, out=out)
        with opened(project) as connection:
            found = rows(connection, QUEUE)
            found = _of_owner(connection, found, owner)
            found = _of_team(connection, found, team)
            as_of = _as_of(connection)
            verdicts = rows(connection, VERDICT)
        found = [row for row in found if row["is_overdue"] or not overdue]
        found = [row for row in found if row["is_proposed"] or not proposed]
        if as_csv:
            echo(_csv(found), nl=False)
            return
        if not found:
            what = "proposed" if proposed else "open"
            console().print(f"Nothing is {what} as of {as_of}.", highlight=False)
            _say(about_proposals(found, verdicts) if proposed else "")
            return
        shown = found[:limit] if limit else found
        console().print(_table(shown))
        late = sum(row["is_overdue"] for row in found)
        said = f"{len(found):,} open as of {as_of}, {late:,} of them overdue."
        if len(shown) < len(found):
            said += f" The first {len(shown):,} are shown: --limit 0 shows all."
        _say(said)
        _say(about_proposals(found, verdicts))


def _say(sentence: str) -> None:
    from orchestration.cli import console

    if sentence:
        console().print(sentence, highlight=False, markup=False, soft_wrap=True)


def about_proposals(found: list[dict[str, Any]], verdicts: list[dict[str, Any]]) -> str:
    """Who is proposed, or why nobody is."""
    if not verdicts:
        return "Nobody is proposed: no run has learned yet who is accepted."
    [verdict] = verdicts
    if not verdict["is_better"]:
        return str(verdict["verdict"])
    count = sum(row["is_proposed"] for row in found)
    return f"{count:,} of them are proposed to be accepted; a person decides."


def _of_owner(
    connection: duckdb.DuckDBPyConnection,
    found: list[dict[str, Any]],
    owner: str | None,
) -> list[dict[str, Any]]:
    from orchestration.commands.finance.published import rows
    from orchestration.errors import LeadFunnelError, meant

    if owner is None:
        return found
    reps = rows(connection, "select owner_id, rep_name from marts.dim_sales_reps")
    names = {_plain(row["owner_id"]): row["owner_id"] for row in reps}
    wanted = {
        row["owner_id"] for row in reps if _plain(row["rep_name"]) == _plain(owner)
    }
    wanted |= {names[_plain(owner)]} if _plain(owner) in names else set()
    if _plain(owner) == NOBODY:
        wanted = {None}
    if not wanted:
        known = sorted(str(row["rep_name"]) for row in reps if row["rep_name"])
        raise LeadFunnelError(
            f"There is no rep {owner!r}{meant(owner, known)}. marts.dim_sales_reps "
            "lists them."
        )
    return [row for row in found if row["owner_id"] in wanted]


def _of_team(
    connection: duckdb.DuckDBPyConnection,
    found: list[dict[str, Any]],
    team: str | None,
) -> list[dict[str, Any]]:
    from orchestration.commands.finance.published import rows
    from orchestration.errors import LeadFunnelError, listed, meant

    if team is None:
        return found
    teams = [
        row["team"]
        for row in rows(
            connection,
            "select distinct team from marts.dim_sales_reps "
            "where team is not null order by 1",
        )
    ]
    if _plain(team) not in {_plain(each) for each in teams}:
        raise LeadFunnelError(
            f"There is no team {team!r}{meant(team, teams)}. There are {listed(teams)}."
        )
    return [row for row in found if _plain(row["team"]) == _plain(team)]


def _plain(text: str | None) -> str:
    return (text or "").strip().lower()


def _as_of(connection: duckdb.DuckDBPyConnection) -> str:
    [(instant,)] = connection.execute(
        "select max(as_of) from marts.fct_lead_lifecycles"
    ).fetchall()
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "the last run"


def _csv(found: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    if found:
        writer = csv.DictWriter(text, fieldnames=list(found[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(
            {name: in_spreadsheet(value) for name, value in row.items()}
            for row in found
        )
    return text.getvalue()


def _table(found: list[dict[str, Any]]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("#", justify="right")
    headings = ("lead", "owner", "to do", "by (UTC)", "why now", "accepted?")
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in found:
        by = row["due_at"] if row["next_step"] == "respond" else row["pending_until"]
        table.add_row(
            str(row["priority_rank"]),
            Text(_lead(row)),
            Text(row["owner"]),
            STEPS[row["next_step"]],
            f"{by:%Y-%m-%d %H:%M}" if by else "",
            Text(row["priority_reasons"], style="red" if row["is_overdue"] else ""),
            Text(chance(row), style="green" if row["is_proposed"] else ""),
        )
    return table


def chance(row: dict[str, Any]) -> str:
    """How likely it is accepted, and of what is proposed why."""
    if row["acceptance_probability"] is None:
        return ""
    share = f"{row['acceptance_probability']:.0%}"
    return (
        f"{share}, proposed, {row['proposal_reasons']}" if row["is_proposed"] else share
    )


def _lead(row: dict[str, Any]) -> str:
    """Its page where the var record_urls knows it, else its system and id."""
    return row["record_url"] or f"{row['source']} {row['record_id']}"
