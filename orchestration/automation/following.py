"""What is built after a source was loaded: everything, once no load goes on.

What is read from no other asset asks whether a source was loaded, and all else whether
that is requested: Dagster asks what reads nothing first. So it is one run of all, in
the order that every run has, and a question costs little.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

import dagster as dg

from orchestration.automation.lateness import Limits
from orchestration.automation.schedules import Schedules
from orchestration.project import Project
from orchestration.sources.tables import LOADED_SYSTEMS, tables_of

SETTINGS_KEY = dg.AssetKey(["settings", "run"])
"""The asset of the run's settings."""

FIRST_OF_ALL = dg.AssetKey(["seeds", "stages"])
"""One that reads no other asset, which the others ask for."""

LOADED_GROUPS = ("raw", "landed")
"""The groups of assets that follow nothing: they are loaded on a schedule."""


def raw_key(system: str, table: str) -> dg.AssetKey:
    """The asset of a raw table."""
    return dg.AssetKey([f"raw_{system}", table])


def asked_of(system: str) -> dg.AssetKey:
    """The raw table that is asked for a system: one step loads all of them."""
    return raw_key(system, tables_of(system)[0].name)


def _any_source(condition: dg.AutomationCondition) -> dg.AutomationCondition:
    return reduce(
        or_,
        (
            dg.AutomationCondition.asset_matches(asked_of(system), condition)
            for system in LOADED_SYSTEMS
        ),
    )


def after_a_load() -> dg.AutomationCondition:
    """A source was loaded since this was built or asked for last, and none is being
    loaded: of loads that began at one time the last is waited for."""
    loaded = _any_source(dg.AutomationCondition.newly_updated())
    loading = _any_source(dg.AutomationCondition.in_progress())
    return (
        loaded.with_label("a source was loaded").since_last_handled()
        & ~loading.with_label("a source is being loaded")
        & ~dg.AutomationCondition.in_progress()
    )


def with_all_else() -> dg.AutomationCondition:
    """The rest is requested, too: all is built together."""
    return dg.AutomationCondition.asset_matches(
        FIRST_OF_ALL, dg.AutomationCondition.will_be_requested()
    )


def automated(definitions: dg.Definitions, project: Project) -> dg.Definitions:
    """The definitions with what Dagster's server asks of each asset: what is built
    follows the loads, and of what is loaded it is known how old it may get."""
    schedules = Schedules.from_environment(project.vars.reporting_timezone)
    limits = Limits.of(project, schedules)
    policies = {
        f"raw_{system}": dg.FreshnessPolicy.time_window(limits.of_system(system))
        for system in LOADED_SYSTEMS
    }
    first, rest = after_a_load(), with_all_else()

    def given(spec: dg.AssetSpec) -> dg.AssetSpec:
        policy = policies.get(spec.key.path[0])
        if policy is not None:
            return spec.replace_attributes(freshness_policy=policy)
        if spec.group_name in LOADED_GROUPS:
            return spec
        is_first = not [*spec.deps] or spec.key == SETTINGS_KEY
        follows = first if is_first else rest
        return spec.replace_attributes(automation_condition=follows)

    return definitions.map_asset_specs(func=given)
