"""A Dagster instance for a run that nobody will look up later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import dagster as dg
from dagster._core.instance import InstanceType
from dagster._core.launcher.sync_in_memory_run_launcher import SyncInMemoryRunLauncher
from dagster._core.run_coordinator import DefaultRunCoordinator
from dagster._core.storage.event_log import InMemoryEventLogStorage
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._core.storage.root import TemporaryLocalArtifactStorage
from dagster._core.storage.runs import InMemoryRunStorage


class Forgotten(InMemoryEventLogStorage):
    """Keeps no events. A run has well over a thousand of them, and an ephemeral
    instance writes each into a database in memory: two seconds for what only
    loggers read, and they hear it all the same."""

    def store_event(self, event: Any) -> None:
        pass

    def get_asset_records(self, asset_keys: Any = None) -> Sequence[Any]:
        return []

    @property
    def asset_records_have_last_observation(self) -> bool:
        # Or Dagster would look for observations of each asset that a step reads.
        return True


@contextmanager
def instance() -> Iterator[dg.DagsterInstance]:
    """As `DagsterInstance.ephemeral()`, but for the events."""
    with dg.DagsterInstance(
        instance_type=InstanceType.EPHEMERAL,
        local_artifact_storage=TemporaryLocalArtifactStorage(),
        run_storage=InMemoryRunStorage(),
        event_storage=Forgotten(),
        compute_log_manager=NoOpComputeLogManager(),
        run_coordinator=DefaultRunCoordinator(),
        run_launcher=SyncInMemoryRunLauncher(),
    ) as made:
        yield made
