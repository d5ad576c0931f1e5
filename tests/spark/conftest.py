"""Spark for the tests that need it; they say why where they are skipped."""

import os
from pathlib import Path

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.spark.session import check_installed

# Short runs: the time goes into compiling, which pays only for long ones.
QUICK = """\
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m
spark.executor.extraJavaOptions -XX:TieredStopAtLevel=1
spark.executor.memory 512m
spark.sql.shuffle.partitions 2
"""


@pytest.fixture(scope="session")
def spark_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a run on Spark."""
    try:
        check_installed()
    except LeadFunnelError as error:
        # Where Spark is wanted (.ci/run), a test that is left out proves nothing.
        if os.environ.get("LEAD_FUNNEL_REQUIRE_SPARK"):
            pytest.fail(str(error))
        pytest.skip(str(error))
    folder: Path = tmp_path_factory.mktemp("spark_conf")
    (folder / "spark-defaults.conf").write_text(QUICK)
    return {"SPARK_CONF_DIR": str(folder), "LEAD_FUNNEL_ENGINE": "spark"}
