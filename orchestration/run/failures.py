"""From an error inside a step to the one sentence that a person reads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from orchestration.errors import LeadFunnelError
from orchestration.project import Project
from orchestration.run import interrupts, lock

INTERRUPTED = (
    "The run was interrupted. What was published before still is; run again to go on."
)
_INTERRUPTS = {KeyboardInterrupt.__name__, dg.DagsterExecutionInterruptedError.__name__}


@contextmanager
def without_retries() -> Iterator[None]:
    """Errors that trying again does not mend: Dagster must not retry them, but for
    those of an OUT that another run writes to. Nothing is begun after an interrupt."""
    interrupts.check()
    try:
        yield
    except LeadFunnelError as error:
        raise dg.Failure(
            description=str(error), allow_retries=isinstance(error, lock.BusyError)
        ) from error


@contextmanager
def in_turn(project: Project) -> Iterator[None]:
    """The same of a step, which needs OUT: no other run writes to it meanwhile."""
    with without_retries(), lock.step_of_a_run(project):
        yield


def failed(sentence: str) -> dg.Failure:
    return dg.Failure(description=sentence, allow_retries=False)


def sentence_of(event: dg.DagsterEvent) -> tuple[str, str, bool]:
    """A failed step's sentence, its traceback, and whether it was foreseen."""
    data = event.step_failure_data
    trace = data.error.to_string() if data.error else ""
    if data.user_failure_data and data.user_failure_data.description:
        return data.user_failure_data.description, trace, True
    error = data.error
    while error is not None:
        if error.cls_name == LeadFunnelError.__name__:
            return _text(error.message), trace, True
        if error.cls_name in _INTERRUPTS:
            return INTERRUPTED, trace, True
        if error.cause is None:
            break
        error = error.cause
    reason = _text(error.message) if error else "no reason was given"
    return f"The step {event.step_key} failed unexpectedly: {reason}", trace, False


def _text(message: str) -> str:
    """A serialised error's message without its class and line breaks."""
    head, _, rest = message.strip().partition(": ")
    text = rest if rest and " " not in head else message.strip()
    return " ".join(text.split())
