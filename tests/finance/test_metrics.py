"""What a close freezes is what a restatement compares with it."""

import re

import yaml

from orchestration.project import ROOT
from orchestration.publication.closings import METRICS


def test_a_close_freezes_every_metric_that_a_restatement_compares() -> None:
    macro = (ROOT / "macros" / "spend_metrics.sql").read_text(encoding="utf-8")
    assert tuple(re.findall(r"'(\w+)':", macro)) == METRICS


def test_a_close_freezes_the_spend_and_all_that_is_attributed() -> None:
    path = ROOT / "models" / "marts" / "finance" / "_finance.yml"
    models = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    [mart] = [model for model in models if model["name"] == "mart_spend_per_sal"]
    names = {column["name"] for column in mart["columns"]}
    attributed = {name for name in names if name.startswith("attributed_")}
    assert set(METRICS) == {"spend_reporting", *attributed} <= names
