"""A Dagster logger that hands each record of a run to this process."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dagster as dg


@dataclass(frozen=True)
class RunRecord:
    """One record of a run: an event of Dagster's, or a message of a step's."""

    level: int
    text: str
    step: str | None
    event: dg.DagsterEvent | None


_listeners: list[Callable[[RunRecord], None]] = []


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", None) or {}
        said = RunRecord(
            level=record.levelno,
            text=meta.get("orig_message") or record.getMessage(),
            step=meta.get("step_key"),
            event=meta.get("dagster_event"),
        )
        for listener in _listeners:
            listener(said)


@dg.logger(description="Tells the process that runs the job what is going on.")
def run_log(_: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("lead_funnel.run", level=logging.DEBUG)
    logger.addHandler(_Handler())
    return logger


@contextmanager
def listening(listener: Callable[[RunRecord], None]) -> Iterator[None]:
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
