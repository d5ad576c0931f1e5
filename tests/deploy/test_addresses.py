"""Nothing listens, or is asked, on another address than loopback unless somebody names
one."""

import re

import pytest

from orchestration.project import ROOT
from orchestration.publication.postgres import address
from orchestration.spark import session


def test_sparks_driver_is_on_this_machine():
    said = {name: value for name, value in session.LOCAL.items() if "driver." in name}
    assert said["spark.driver.bindAddress"] == said["spark.driver.host"] == "127.0.0.1"
    assert session.LOCAL["spark.ui.enabled"] == "false"


def test_a_postgres_without_a_host_is_the_one_here():
    found = address.from_environment({address.URL: "postgresql:///sales"})
    assert found.place == "localhost:5432/sales"


@pytest.mark.parametrize("name", ["Makefile", "orchestration", "deploy/systemd"])
def test_no_file_opens_a_door_to_everybody(name):
    """Containers listen inside their own network; compose.yaml lets none of it out."""
    path = ROOT / name
    files = [path] if path.is_file() else [p for p in path.rglob("*.*") if p.is_file()]
    for each in files:
        if each.suffix != ".pyc":
            text = each.read_text("utf-8")
            assert not re.search(r"0\.0\.0\.0|\[::\]", text), each
