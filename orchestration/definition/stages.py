"""Stages, the rules that lead to them, and the steps between them."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal, InvalidOperation

from orchestration.definition.columns import same_text
from orchestration.definition.problems import Problems, Row, quote
from orchestration.definition.rows import Definition
from orchestration.errors import listed
from orchestration.sources.tables import LOADED_SYSTEMS

EXIT, NO_STAGE = "exit", "none"

OF_DEALS = ("opportunity", "won", "lost")
"""Stages that deals give without a rule."""


def check(definition: Definition, problems: Problems) -> None:
    stages = definition.rows["stages"]
    _check_ranks(stages, problems)
    _check_rules(definition.rows["stage_rules"], problems)
    _check_stages_are_reached(definition, problems)
    _check_transitions(definition, problems)


def _check_ranks(stages: list[Row], problems: Problems) -> None:
    ranks = {row["stage"]: _rank(row) for row in stages}
    last = max(
        (row for row in stages if row["kind"] not in (EXIT, NO_STAGE)),
        key=lambda row: ranks[row["stage"]],
        default=None,
    )
    for row in stages:
        if (
            row["kind"] == EXIT
            and last is not None
            and 0 <= ranks[row["stage"]] <= ranks[last["stage"]]
        ):
            problems.error(
                row,
                f"The exit {quote(row['stage'])} has the rank {row['rank']}, but exits "
                f"come after the other stages: give it one above {last['rank']}, which "
                f"{last['stage']} has.",
            )


def _rank(row: Row) -> int:
    try:
        return int(row["rank"])
    except ValueError:
        return -1


# Rules.


def _check_rules(rules: list[Row], problems: Problems) -> None:
    for row in rules:
        operator = same_text(row["operator"])
        if operator == "crosses" and _number(row["value"]) is None:
            problems.error(
                row,
                f"value is {quote(row['value'])}, but must be a number that "
                f"{row['field'] or 'the field'} crosses.",
            )
        if operator == "equals" and not row["value"]:
            problems.error(
                row,
                "value is blank, so nothing equals it: write the value, or the "
                "operator exists for a row that is an event whatever it says.",
            )
        if operator == "exists" and row["value"]:
            problems.error(
                row,
                f"value is {quote(row['value'])}, but the operator exists compares "
                "with nothing: take the value out, or write equals.",
            )
    _check_rules_agree(rules, problems)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


KEY_OF_RULES = (
    "definition_version",
    "source",
    "entity",
    "field",
    "operator",
    "value",
    "stage",
)


def _check_rules_agree(rules: list[Row], problems: Problems) -> None:
    """What one raw value means. A rule of any system is one of each."""
    said: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rules:
        source = same_text(row["source"])
        rest = tuple(
            same_text(text)
            for text in (
                row["definition_version"],
                row["entity"],
                row["field"].replace(" ", "").replace("_", ""),
                row["operator"],
                row["value"],
            )
        )
        for system in LOADED_SYSTEMS if source == "*" else (source,):
            said[system, *rest].append(row)
    for rows in said.values():
        first, *others = rows
        for row in others:
            _check_pair(first, row, problems)


def _check_pair(before: Row, row: Row, problems: Problems) -> None:
    stage, other = same_text(row["stage"]), same_text(before["stage"])
    what = f"{row['field'] or row['entity']} {row['operator']} {quote(row['value'])}"
    where = f"line {before.line} of {before.file}"
    if stage == other:
        # The same words twice are one key twice; a rule of one system beside that of
        # any, or in another case, only says what is said.
        is_twice = all(row[name] == before[name] for name in KEY_OF_RULES)
        (problems.error if is_twice else problems.odd)(
            row, f"{where} says the same already ({what} is {stage}): keep one of them."
        )
    elif NO_STAGE in (stage, other):
        problems.error(
            row,
            f"It says that {what} is {stage}, and {where} that it is {other}: keep "
            f"one of them{_how(before, row)}.",
        )
    else:
        problems.odd(
            row,
            f"It says that {what} is {stage}, and {where} that it is {other}: each "
            f"such row counts as both. Keep one of them, unless that is meant"
            f"{_how(before, row)}.",
        )


def _how(before: Row, row: Row) -> str:
    if row.is_own and not before.is_own:
        return (
            "; to take the place of a rule that ships, put all rules into "
            "stage_rules.csv, or give the new rule to a version based on the old one"
        )
    return ""


def _check_stages_are_reached(definition: Definition, problems: Problems) -> None:
    reached = {same_text(row["stage"]) for row in definition.rows["stage_rules"]}
    missing = [
        row
        for row in definition.rows["stages"]
        if row["kind"] != NO_STAGE
        and row["stage"] not in reached
        and row["stage"] not in OF_DEALS
    ]
    if not definition.rows["stage_rules"] or not missing:
        return
    # A company without one of the stages that ship says so by having no rule.
    for row in [each for each in missing if each.is_own]:
        problems.odd(
            row,
            f"No rule of stage_rules leads to {quote(row['stage'])}, so nobody reaches "
            f"it: add a row to {definition.file_of('stage_rules')}, or take the stage "
            "out.",
        )
    shipped = [each["stage"] for each in missing if not each.is_own]
    if shipped:
        problems.of_file(
            definition.file_of("stage_rules"),
            f"No rule leads to {listed(shipped, limit=20)}, so nobody reaches "
            f"{'it' if len(shipped) == 1 else 'them'}: add a rule for each, unless "
            "you have none of it.",
            is_error=False,
        )


# Steps.


def _check_transitions(definition: Definition, problems: Problems) -> None:
    stages = {row["stage"]: row for row in definition.rows["stages"]}
    steps = definition.rows["stage_transitions"]
    for row in steps:
        before, after = stages.get(row["from_stage"]), stages.get(row["to_stage"])
        if before is not None and after is not None:
            _check_step(row, before, after, problems)
    there = {(row["from_stage"], row["to_stage"]) for row in steps}
    for row in stages.values():
        if row.is_own and row["kind"] != NO_STAGE:
            _check_steps_of(row, list(stages.values()), there, definition, problems)


def _check_step(row: Row, before: Row, after: Row, problems: Problems) -> None:
    verdict = same_text(row["verdict"])
    for stage in (before, after):
        if stage["kind"] == NO_STAGE:
            problems.error(
                row,
                f"{quote(stage['stage'])} is no stage that anybody is in: take the "
                "row out.",
            )
            return
    if before["kind"] == EXIT:
        problems.error(
            row,
            f"It begins with {quote(before['stage'])}, which is an exit of stages and "
            "ends a lifecycle, so nothing follows: take the row out.",
        )
    elif verdict == "repeated" and before["stage"] != after["stage"]:
        problems.error(
            row,
            f"{before['stage']} and {after['stage']} are two stages, so the step is "
            "not repeated: write another verdict.",
        )
    elif verdict == "backward" and _rank(after) > _rank(before):
        problems.error(
            row,
            f"{after['stage']} comes after {before['stage']} by the ranks of stages "
            f"({after['rank']} after {before['rank']}), so the step is not backward: "
            "write another verdict, or mend the ranks.",
        )
    elif verdict in ("expected", "skipped") and _rank(after) < _rank(before):
        problems.odd(
            row,
            f"{after['stage']} comes before {before['stage']} by the ranks of stages "
            f"({after['rank']} before {before['rank']}), and the step is {verdict}: "
            "write backward, unless that is meant.",
        )


def _check_steps_of(
    stage: Row,
    stages: list[Row],
    there: set[tuple[str, str]],
    definition: Definition,
    problems: Problems,
) -> None:
    name = stage["stage"]
    others = [row for row in stages if row["kind"] != NO_STAGE]
    wanted = {(row["stage"], name) for row in others if row["kind"] != EXIT}
    if stage["kind"] != EXIT:
        wanted |= {(name, row["stage"]) for row in others}
    missing = sorted(wanted - there)
    if missing:
        shown = [f"{before} to {after}" for before, after in missing]
        problems.odd(
            stage,
            f"stage_transitions does not say what the steps {listed(shown, limit=5)} "
            f"are, so they are forbidden: add them to "
            f"{definition.file_of('stage_transitions')}, with their verdicts.",
        )
