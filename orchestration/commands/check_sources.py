"""`lead-funnel check-sources`: whether the systems can be loaded from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.options import Debug

if TYPE_CHECKING:
    from orchestration.live.source import Finding, Source

MARKS = {"fine": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def register(app: typer.Typer) -> None:
    app.command(name="check-sources")(check_sources)


def check_sources(
    system: Annotated[
        str | None,
        typer.Option(help="Only this one of the systems, such as salesforce."),
    ] = None,
    debug: Debug = False,
) -> None:
    """Ask each system that the environment names whether all can be loaded.

    Tests the credentials, the permissions and what is left of its limits, and says
    what is missing and where to turn it on. It loads nothing. Ends with status 1 where
    a source cannot be loaded from.
    """
    # Here, because cli.py imports this module.
    from orchestration.cli import console, sentences
    from orchestration.live.configured import of_system

    with sentences(debug):
        failed = False
        for source in of_system(system):
            screen = console()
            screen.print(f"{source.name}:", highlight=False, markup=False)
            for finding in findings_of(source):
                failed = failed or finding.kind == "error"
                mark, style = MARKS[finding.kind]
                screen.print(f"  {mark} ", style=style, end="")
                screen.print(
                    finding.sentence, highlight=False, markup=False, soft_wrap=True
                )
    if failed:
        raise typer.Exit(1)


def findings_of(source: Source) -> list[Finding]:
    """What a source says of itself, without secrets; what stops it is a finding."""
    from orchestration.errors import LeadFunnelError
    from orchestration.live.pipeline import without_secrets
    from orchestration.live.source import Finding, crossed_out

    found: list[Finding] = []
    try:
        for finding in source.check():
            found.append(finding)
    except LeadFunnelError as error:
        found.append(Finding(str(error), "error"))
    except Exception as error:
        raise without_secrets(error, source) from None
    finally:
        source.close()
    return [
        Finding(crossed_out(each.sentence, source.secrets), each.kind) for each in found
    ]
