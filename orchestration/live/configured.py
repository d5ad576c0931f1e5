"""Which live sources there are: those whose credentials the environment has.

Every module or folder beside this one that has a function `sources(environ)` is a
kind of source; to add one is to add it.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from orchestration.errors import LeadFunnelError, listed, meant
from orchestration.live.source import Environment, Source, given

SWITCH = "LEAD_FUNNEL_LIVE"
"""`0`: a run loads from no system, and reads what was loaded before."""

_OFF, _ON = ("0", "false", "no", "off"), ("", "1", "true", "yes", "on")


def configured(environ: Environment | None = None) -> tuple[Source, ...]:
    """The sources in the order of their names; what is wrong with the credentials of
    one is an error."""
    environ = os.environ if environ is None else environ
    found = [source for module in _modules() for source in module.sources(environ)]
    return tuple(sorted(found, key=lambda source: source.name))


def loaded_by_runs(environ: Environment | None = None) -> tuple[Source, ...]:
    """The sources that a run loads from before it reads."""
    environ = os.environ if environ is None else environ
    switch = given(environ, SWITCH).lower()
    if switch not in (*_OFF, *_ON):
        raise LeadFunnelError(f"{SWITCH} is {switch!r}, but must be 0 or 1.")
    return () if switch in _OFF else configured(environ)


def of_system(
    system: str | None, environ: Environment | None = None
) -> tuple[Source, ...]:
    """The sources of one system, or all of them; none at all is an error."""
    found = configured(environ)
    if not found:
        raise LeadFunnelError(
            "No system's credentials are in the environment: see "
            "docs/connecting-live-systems.md for the variables of each."
        )
    if system is None:
        return found
    known = dict.fromkeys(source.system for source in found)
    if system not in known:
        raise LeadFunnelError(
            f"There are no credentials for {system!r}{meant(system, known)} in the "
            f"environment; there are some for {listed(known)}."
        )
    return tuple(source for source in found if source.system == system)


def _modules() -> Iterator:
    here = Path(__file__).parent
    for each in pkgutil.iter_modules([str(here)]):
        module = importlib.import_module(f"orchestration.live.{each.name}")
        if hasattr(module, "sources"):
            yield module
