"""The Spark session that dbt finds in this process, and what it is set to."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.spark import text

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MASTER = "LEAD_FUNNEL_SPARK_MASTER"
"""Where Spark runs: local[*], or the address of a cluster's master."""

MEANING = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "false",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.legacy.createHiveTableByDefault": "false",
    "spark.sql.sources.default": "parquet",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.sql.analyzer.maxIterations": "1000",
}
"""What the models and the way back to DuckDB take for granted: with another
setting a number may differ, so nobody else's goes first."""

LOCAL = {
    "spark.sql.shuffle.partitions": str(max(2, os.cpu_count() or 2)),
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
}
"""What suits one machine; spark-defaults.conf goes first."""


def check_installed() -> None:
    """PySpark, dbt-spark and Java are there; else a sentence says which is not."""
    if not all(find_spec(name) for name in ("pyspark", "dbt.adapters.spark")):
        raise LeadFunnelError(
            "The engine spark needs PySpark and dbt-spark, which are not installed "
            "here: `make run ENGINE=spark` installs them from requirements-spark.lock."
        )
    if not java_is_there():
        raise LeadFunnelError(
            "The engine spark needs Java 17, which was not found: install it (on "
            "Debian the package openjdk-17-jre-headless) or set JAVA_HOME."
        )


def java_is_there() -> bool:
    home = os.environ.get("JAVA_HOME")
    program = f"{home}/bin/java" if home else "java"
    return shutil.which(program) is not None


@contextmanager
def session(project: Project) -> Iterator[SparkSession]:
    """A session of this process, with its tables under OUT/spark.

    Its catalog is in memory: every run builds everything anew, so the tables
    of the run before are removed.
    """
    check_installed()
    from pyspark import SparkConf
    from pyspark.sql import SparkSession

    shutil.rmtree(project.spark_tables, ignore_errors=True)
    project.spark_tables.mkdir(parents=True)
    master = _master()
    for name, value in _environment(master).items():
        os.environ.setdefault(name, value)
    settings = {
        **(LOCAL if master.startswith("local") else {}),
        **defaults(),
        **MEANING,
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.warehouse.dir": project.spark_tables.as_uri(),
    }
    conf = SparkConf().setMaster(master).setAppName("lead-funnel")
    for name, value in settings.items():
        conf.set(name, value)
    spark = SparkSession.builder.config(conf=conf).getOrCreate()
    try:
        spark.sparkContext.setLogLevel("ERROR")
        spark.udf.register(text.NAME, text.same_text_function(), "string")
        yield spark
    finally:
        spark.stop()


def _master() -> str:
    return os.environ.get(MASTER) or defaults().get("spark.master", "local[*]")


def _environment(master: str) -> dict[str, str]:
    """What Spark's processes read from the environment.

    Workers on this machine must run the Python that sends the function, and
    nothing listens on another address than loopback.
    """
    if not master.startswith("local"):
        return {}
    return {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}


def defaults() -> dict[str, str]:
    """What $SPARK_CONF_DIR/spark-defaults.conf says. Spark itself reads it only
    for what its program has not set."""
    folder = os.environ.get("SPARK_CONF_DIR")
    path = Path(folder) / "spark-defaults.conf" if folder else None
    if path is None or not path.is_file():
        return {}
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    pairs = [
        re.split(r"[\s=:]+", line, maxsplit=1)
        for line in lines
        if line and not line.startswith("#")
    ]
    return {pair[0]: pair[-1] for pair in pairs if len(pair) == 2}
