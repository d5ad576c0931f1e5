"""Options that several commands have, under one name and with one help text."""

from pathlib import Path
from typing import Annotated

import typer

Landing = Annotated[
    Path | None,
    typer.Option(
        envvar="LEAD_FUNNEL_LANDING",
        help="The folder of exports, <system>/<table>.csv. Default: the sample.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        envvar="LEAD_FUNNEL_OUT",
        help="The folder for everything that is built. Default: out.",
    ),
]
OutOfRun = Annotated[
    Path | None,
    typer.Option(envvar="LEAD_FUNNEL_OUT", help="The folder of the run. Default: out."),
]
Definition = Annotated[
    Path | None,
    typer.Option(
        envvar="LEAD_FUNNEL_DEFINITION",
        help="A folder with your own seeds, such as stage_rules.add.csv.",
    ),
]
Vars = Annotated[
    str | None,
    typer.Option(
        "--vars",
        envvar="LEAD_FUNNEL_VARS",
        help='Vars as JSON, such as \'{"reporting_timezone": "UTC"}\'. An as_of '
        "without an offset is UTC.",
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        envvar="LEAD_FUNNEL_ENGINE",
        help="What builds the models: duckdb or spark. Default: duckdb.",
    ),
]
By = Annotated[
    str | None, typer.Option("--by", help="Who does it. Default: the login name.")
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON, for a program to read.")
]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
