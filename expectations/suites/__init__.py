"""The suites, a module per layer, in the order of their gates."""

from expectations.checks import Suite
from expectations.suites import (
    finance,
    funnel,
    lifecycles,
    raw,
    reconciliation,
    transitions,
)

SUITES: dict[str, Suite] = {
    suite.name: suite
    for suite in (
        raw.SUITE,
        transitions.SUITE,
        lifecycles.SUITE,
        finance.FACTS,
        reconciliation.SUITE,
        funnel.SUITE,
        finance.SUITE,
    )
}
