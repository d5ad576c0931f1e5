"""The gates: suites that must pass before anything after them is built."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import dagster as dg

from expectations.checks import Check, CheckResult, Part
from orchestration.automation.following import SETTINGS_KEY, with_all_else
from orchestration.checks import SUITES, failure_sentence, kept_results, run_suite
from orchestration.increment import state
from orchestration.increment.lineage import SOURCE
from orchestration.project import Project
from orchestration.run import progress
from orchestration.run.failures import failed, in_turn

GATES: dict[str, tuple[str, ...]] = {
    "raw": ("raw",),
    "core": ("transitions", "lifecycles", "finance_facts", "reconciliation"),
    "funnel": ("funnel", "finance", "history", "quality"),
}
"""One op for each gate. What comes after reads a table that the gate has a check
on, so a failure in any of the gate's suites stops it."""

STAGES = {
    "raw": (state.DECIDED, state.RAW_CHECKED),
    "core": (state.FACTS_BUILT, state.FACTS_CHECKED),
    "funnel": (state.MARTS_BUILT, state.MARTS_CHECKED),
}
"""What a run has come to before these gates, and after them."""


def asset_key(table: str) -> dg.AssetKey:
    return dg.AssetKey(table.split("."))


def check_spec(
    check: Check, suite: str, condition: dg.AutomationCondition | None = None
) -> dg.AssetCheckSpec:
    return dg.AssetCheckSpec(
        name=check.name,
        asset=asset_key(check.table),
        description=check.protects,
        # There it is decided whether a gate has to ask again.
        additional_deps=[SETTINGS_KEY],
        blocking=check.is_blocking,
        automation_condition=condition,
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


def is_owed(gate: str, owed: frozenset[str] | None) -> bool:
    """Whether a gate's suites may find anything that they did not find the last
    time. Checks after the first gate look across tables: any change is theirs."""
    if owed is None:
        return True
    if gate == "raw":
        return any(node.startswith(f"{SOURCE}raw_") for node in owed)
    return bool(owed)


def gate(name: str, suites: Sequence[str]) -> dg.AssetChecksDefinition:
    """The suites of one gate as one op."""
    # What is checked with what is built goes along with it; raw tables are loaded
    # before, in a run of their own.
    condition = with_all_else() if name == "raw" else None

    @dg.multi_asset_check(
        name=f"check_{name}",
        specs=[
            check_spec(check, suite, condition)
            for suite in suites
            for check in SUITES[suite].checks
        ],
    )
    def check() -> Iterator[dg.AssetCheckResult]:
        project = Project.from_environment()
        # What the run before has checked is owed to nobody.
        stands = state.stands(project, *STAGES[name])
        owed = frozenset() if stands else state.owed(project)
        results: list[CheckResult] = []
        for suite in suites:
            with in_turn(project):
                results += asked(project, name, suite, owed)
        sentence = failure_sentence(results)
        if not sentence:
            with in_turn(project):
                state.advance(project, *STAGES[name])
        yield from map(check_result, results)
        if sentence:
            raise failed(sentence)

    return check


def asked(
    project: Project, gate: str, suite: str, owed: frozenset[str] | None
) -> list[CheckResult]:
    """What the suite's checks come to, asked of the whole or as they were asked
    last. Those of each person were asked in the slice: of the people whom the run
    touched, before their rows came into the whole."""
    if owed is None:
        progress.say(f"suite {suite}")
        return run_suite(project, suite)
    may_stand: list[Part] = ["each_person"]
    if not is_owed(gate, owed):
        may_stand.append("across_people")
    results: list[CheckResult] = []
    for part in ("each_person", "across_people"):
        kept = kept_results(project, suite, only=part) if part in may_stand else None
        if kept is None:
            progress.say(f"suite {suite}")
            kept = run_suite(project, suite, only=part)
        results += kept
    return results


def check_slice(part: Project) -> None:
    """Ask the checks of each person of the people in a slice, before they are folded
    into the whole."""
    results: list[CheckResult] = []
    for suite in GATES["core"]:
        progress.say(f"suite {suite}")
        results += run_suite(part, suite, only="each_person")
    sentence = failure_sentence(results)
    if sentence:
        raise failed(sentence)


@dg.definitions
def defs() -> dg.Definitions:
    """The gates as blocking asset checks."""
    return dg.Definitions(
        asset_checks=[gate(name, suites) for name, suites in GATES.items()]
    )
