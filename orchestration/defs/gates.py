"""The gates: suites that must pass before anything after them is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from expectations.checks import Check, CheckResult
from orchestration.checks import SUITES, failure_sentence, kept_results, run_suite
from orchestration.increment import batches
from orchestration.project import Project
from orchestration.run import progress
from orchestration.run.failures import failed, without_retries

GATES: dict[str, tuple[str, ...]] = {
    "raw": ("raw",),
    "core": ("transitions", "lifecycles", "reconciliation"),
    "funnel": ("funnel", "finance"),
}
"""One op for each gate. What comes after reads a table that the gate has a check
on, so a failure in any of the gate's suites stops it."""


def asset_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(table.split("."))


def check_spec(check: Check, suite: str) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name=check.name,
        asset=asset_key(check.table),
        description=check.protects,
        blocking=check.is_blocking,
        metadata={"suite": suite, "kind": "Great Expectations"},
    )


def check_result(result: CheckResult) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=asset_key(result.table),
        check_name=result.name,
        passed=result.passed,
        severity=(
            dg.AssetCheckSeverity.ERROR
            if result.is_blocking
            else dg.AssetCheckSeverity.WARN
        ),
        description=result.message,
        metadata={
            "rows": result.count,
            "data_docs": dg.MetadataValue.path(result.page),
        },
    )


def is_touched(gate: str, changed: frozenset[str] | None) -> bool:
    """Whether a gate's suites may find anything that they did not find the last
    time. Checks after the first gate look across tables: any change is theirs."""
    if changed is None:
        return True
    if gate == "raw":
        return any(source.startswith(f"{batches.SOURCE}raw_") for source in changed)
    return bool(changed)


def gate(name: str, suites: Sequence[str]) -> dg.AssetChecksDefinition:
    """The suites of one gate as one op."""

    @dg.multi_asset_check(
        name=f"check_{name}",
        specs=[
            check_spec(check, suite)
            for suite in suites
            for check in SUITES[suite].checks
        ],
    )
    def check() -> Iterator[dg.AssetCheckResult]:
        project = Project.from_environment()
        changed = batches.changed_sources(project)
        results: list[CheckResult] = []
        for suite in suites:
            kept = None if is_touched(name, changed) else kept_results(project, suite)
            if kept is None:
                progress.say(f"suite {suite}")
            with without_retries():
                results += run_suite(project, suite) if kept is None else kept
        yield from map(check_result, results)
        sentence = failure_sentence(results)
        if sentence:
            raise failed(sentence)

    return check


@dg.definitions
def defs() -> dg.Definitions:
    """The gates as blocking asset checks."""
    return dg.Definitions(
        asset_checks=[gate(name, suites) for name, suites in GATES.items()]
    )
