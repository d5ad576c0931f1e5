"""What is missing for Spark is said in a sentence, and nothing is begun."""

from pathlib import Path

import pytest

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.run import runner
from orchestration.spark import session


@pytest.fixture
def on_spark(landing: Path, tmp_path: Path) -> Project:
    return Project.from_environment(
        {}, landing=landing, out=tmp_path / "out", engine="spark"
    )


def test_without_pyspark(on_spark: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: None)
    report = runner.run(on_spark)
    assert report.state == "failed"
    assert "`make run ENGINE=spark` installs them" in report.sentence
    assert not on_spark.warehouse.exists()


def test_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "find_spec", lambda name: name)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LeadFunnelError, match="needs Java 17"):
        session.check_installed()


def test_what_spark_defaults_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spark-defaults.conf").write_text(
        "# sizes\n\nspark.master  yarn\nspark.executor.memory=8g\n"
        "spark.driver.extraJavaOptions -Da=b -Dc=d\n"
    )
    monkeypatch.setenv("SPARK_CONF_DIR", str(tmp_path))
    assert session.defaults() == {
        "spark.master": "yarn",
        "spark.executor.memory": "8g",
        "spark.driver.extraJavaOptions": "-Da=b -Dc=d",
    }
    monkeypatch.delenv("SPARK_CONF_DIR")
    assert session.defaults() == {}
