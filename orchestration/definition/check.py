"""Whether a definition can be so: asked before anything is built."""

from __future__ import annotations

from orchestration.definition import columns, money, stages, versions
from orchestration.definition.problems import Problem, Problems, TooMany, error_of
from orchestration.definition.rows import Definition, read
from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.project import Project


def checked(project: Project) -> tuple[Definition, list[Problem]]:
    """The definition, and what is odd in it; all that is wrong is one error that
    names the file, the row and what to do."""
    definition, problems = looked_at(project)
    if problems.errors:
        raise error_of(problems.errors)
    _check_funnel_version(definition, project)
    return definition, problems.oddities


def looked_at(project: Project) -> tuple[Definition, Problems]:
    """The definition and what was found in it; raises where so much is wrong that
    looking on would only take time."""
    problems = Problems()
    try:
        definition = read(project, problems)
        columns.check(definition, columns.rules_of(project), problems)
        stages.check(definition, problems)
        versions.check(definition, project.vars, problems)
        money.check(definition, problems)
    except TooMany:
        raise error_of(problems.errors or problems.oddities) from None
    return definition, problems


def _check_funnel_version(definition: Definition, project: Project) -> None:
    wanted = project.vars.funnel_version
    known = [row["version"] for row in definition.rows["funnel_versions"]]
    if wanted is not None and wanted not in known:
        raise LeadFunnelError(
            f"The var funnel_version is {wanted!r}, which the seed funnel_versions "
            f"does not name{meant(wanted, known)}. It names {listed(known, limit=20)}."
        )
