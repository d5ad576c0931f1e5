"""The suites, a module per layer, in the order of their gates."""

from collections.abc import Sequence

from expectations.checks import Suite
from expectations.suites import (
    finance,
    funnel,
    history,
    lifecycles,
    quality,
    raw,
    reconciliation,
    transitions,
)
from expectations.suites.raw import RawTable


def suites(raw_tables: Sequence[RawTable]) -> dict[str, Suite]:
    """By name; two of them look at the raw tables, whichever these are."""
    return {
        suite.name: suite
        for suite in (
            raw.suite(raw_tables),
            transitions.SUITE,
            lifecycles.SUITE,
            finance.FACTS,
            reconciliation.suite(raw_tables),
            funnel.SUITE,
            finance.SUITE,
            history.SUITE,
            quality.SUITE,
        )
    }
