"""What is tried again, and what is not."""

import dagster as dg
import pytest

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.run.failures import in_turn, without_retries
from orchestration.run.lock import locked


def test_what_a_person_has_to_mend_is_not_tried_again():
    with pytest.raises(dg.Failure) as failure, without_retries():
        raise LeadFunnelError("lead.csv has no column lead_id: add it.")
    assert not failure.value.allow_retries


def test_an_out_that_another_run_writes_to_is_tried_again(tmp_path, monkeypatch):
    project = Project.from_environment({}, out=tmp_path / "out")
    project.prepare_out()
    monkeypatch.setattr("orchestration.run.lock.PATIENCE", 0.1)
    with locked(project):
        # Of another process: this one does not know of its own lock.
        monkeypatch.setattr("orchestration.run.lock._held", [])
        with (
            pytest.raises(dg.Failure, match="Another run") as failure,
            in_turn(project),
        ):
            pytest.fail("two at once")
        monkeypatch.undo()
    assert failure.value.allow_retries
