"""`lead-funnel explain`: one person, from the raw rows to the outcome."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestration.commands.options import Debug, OutOfRun
from orchestration.errors import LeadFunnelError


def register(app: typer.Typer) -> None:
    app.command(name="explain")(explain)


def explain(
    who: Annotated[
        str,
        typer.Argument(
            metavar="WHO",
            help="A record's id (of 15 or 18 characters in Salesforce, also one that "
            "was merged away), an opportunity's id, a person_id or an e-mail address.",
        ),
    ],
    out: OutOfRun = None,
    what_if: Annotated[
        str | None,
        typer.Option(
            "--what-if",
            metavar="VERSION",
            help="Explain the reading by this version, which `compare --version` "
            "built; `edited` is the definition that `compare` read without one.",
        ),
    ] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Also list raw rows that changed nothing."),
    ] = False,
    names: Annotated[
        bool,
        typer.Option(
            "--names", help="Show the person's name and e-mail address as well."
        ),
    ] = False,
    plain: Annotated[
        bool,
        typer.Option("--plain", help="Text of 100 columns without colours."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write the explanation to this file as well: one HTML page that "
            "opens without the network.",
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Say why a lead counts as it does, from the raw rows to the outcome.

    Reads the warehouse of the last run: who the person is, every raw row that
    was read and by which rule, the lifecycles, the clock of each hand-off step
    by step, the outcome and why, and what was quarantined.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.commands.document import files, terminal
    from orchestration.project import Project

    with sentences(debug):
        if html is not None:
            files.check(html)
        project = Project.from_environment({}, out=out)

        from orchestration.commands.explain import find, gather, reading, render

        screen = terminal.plain_console() if plain else console()
        with reading.opened(project, what_if) as read:
            matches = find.people(read, who)
            if len(matches) > 1:
                terminal.show(screen, render.matches(who, matches))
                if html is not None:
                    raise LeadFunnelError(
                        f"{html} was not written: a page is about one person."
                    )
                return
            facts = gather.person(read, matches[0].person_key)
        document = render.document(facts, everything=everything, names=names)
        terminal.show(screen, document)
        if html is not None:
            from orchestration.commands.document.html import page

            files.write(html, page(document))
            screen.print()
            terminal.say(screen, f"The page is {html}.")
