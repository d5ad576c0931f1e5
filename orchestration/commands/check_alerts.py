"""`lead-funnel check-alerts`: whether alerts arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from orchestration.commands.options import Debug, Out

if TYPE_CHECKING:
    from orchestration.alerts.ways import Way
    from orchestration.project import Project


def register(app: typer.Typer) -> None:
    app.command(name="check-alerts")(check_alerts)


def check_alerts(
    out: Out = None,
    debug: Debug = False,
) -> None:
    """Send a trial message by each way that the environment names for alerts.

    Ends with status 1 where one does not take it, or where there is none.
    """
    # Here, because cli.py imports this module.
    from orchestration.alerts import mail, webhook
    from orchestration.alerts.ways import ways
    from orchestration.cli import sentences
    from orchestration.errors import LeadFunnelError
    from orchestration.project import Project

    with sentences(debug):
        found = ways()
        if not found:
            raise LeadFunnelError(
                f"Nobody is told of a failure: name a webhook in {webhook.URL}, or a "
                f"mail server in {mail.URL}; docs/production.md says how."
            )
        project = Project.from_environment(out=out)
        are_sent = [_is_sent(way, project) for way in found]
    if not all(are_sent):
        raise typer.Exit(1)


def _is_sent(way: Way, project: Project) -> bool:
    # Here, because cli.py imports this module.
    from orchestration.alerts.ways import send, trial
    from orchestration.cli import console, say_error
    from orchestration.errors import LeadFunnelError

    try:
        send(way, trial(project))
    except LeadFunnelError as error:
        # One that takes none keeps no other from being tried.
        say_error(str(error))
        return False
    console().print(
        f"A trial was sent to the {way.name} {way.place}: see whether it arrived.",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
    return True
