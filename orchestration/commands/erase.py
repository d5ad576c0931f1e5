"""`lead-funnel erase`: ask for a person to be erased, and see what was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.options import Debug, Out

if TYPE_CHECKING:
    from orchestration.project import Project


def register(app: typer.Typer) -> None:
    app.command(name="erase")(erase)


def erase(
    system: Annotated[
        str, typer.Option(help="The system that has the record, such as salesforce.")
    ] = "",
    record_id: Annotated[
        str, typer.Option("--id", help="The id of a record of the person there.")
    ] = "",
    email: Annotated[
        str, typer.Option(help="Or an e-mail address that is the person's alone.")
    ] = "",
    basis: Annotated[
        str,
        typer.Option(
            help="Why, such as 'GDPR Art. 17' or 'APPI Art. 35'; it is kept in the "
            "evidence, so name nobody."
        ),
    ] = "",
    out: Out = None,
    definition: Annotated[
        Path | None,
        typer.Option(
            envvar="LEAD_FUNNEL_DEFINITION",
            help="A folder with your own seeds, such as shared_mailboxes.csv.",
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Keep a request to be erased, which the next run carries out.

    Without a person it lists the requests and what was done for each. A request is
    kept as a hash, so it names nobody. Delete the person in your systems and exports
    too: those are yours, and nothing is changed there.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.project import Project

    with sentences(debug):
        project = Project.from_environment({}, out=out, definition=definition)
        if system or record_id or email:
            said = _asked(
                project, system=system, record_id=record_id, email=email, basis=basis
            )
        else:
            said = _listed(project)
        for line in said:
            console().print(line, highlight=False, markup=False, soft_wrap=True)


def _asked(project: Project, **given: str) -> Iterator[str]:
    from orchestration.personal import requests

    request = requests.ask(project, **given)
    if request.is_open:
        yield (
            f"Request {request.request_id} is kept. The next `lead-funnel run` erases "
            f"the person from {project.out}; until then all is as it was."
        )
        yield (
            "Delete the person in your systems and exports too, which Lead Funnel "
            "never changes. What is loaded from them again stays erased here."
        )
    else:
        yield f"Request {request.request_id} asked for that: it was carried out."


def _listed(project: Project) -> Iterator[str]:
    from orchestration.personal import requests

    done = {each.request_id: each for each in requests.erasures(project)}
    found = requests.requests(project)
    if not found:
        yield (
            "Nobody asked to be erased yet: name somebody with --email, or with "
            "--system and --id."
        )
    for request in found:
        asked = f"{request.request_id}  asked {request.requested_at} ({request.basis})"
        erasure = done.get(request.request_id)
        if request.is_open or erasure is None:
            yield f"{asked}: open, the next run carries it out."
            continue
        stores = ", ".join(
            f"{name} {count:,}" for name, count in erasure.stores.items()
        )
        yield f"{asked}: erased {erasure.erased_at}. {stores or 'Nothing was found'}."
