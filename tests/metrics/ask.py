"""Answers many questions with one start of MetricFlow, as `mf query --csv` would.

    python -m tests.metrics.ask QUESTIONS

QUESTIONS is a JSON list of [metrics, group by, file]. A process of its own,
because `mf` sets up dbt and the loggers of the process that it runs in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dbt_metricflow.cli.cli_configuration import CLIConfiguration
from dbt_metricflow.cli.main import query


def main(questions: Path) -> None:
    configuration = CLIConfiguration()
    for metrics, group_by, answer in json.loads(questions.read_text()):
        arguments = ["--quiet", "--metrics", ",".join(metrics), "--csv", answer]
        if group_by:
            arguments += ["--group-by", ",".join(group_by)]
        query.main(arguments, obj=configuration, standalone_mode=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
