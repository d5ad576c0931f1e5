"""Marketo by its REST API: leads and activities by bulk extract, the rest page by
page."""

from __future__ import annotations

from orchestration.live.marketo.settings import Settings
from orchestration.live.marketo.source import MarketoSource
from orchestration.live.source import Environment


def sources(environ: Environment) -> tuple[MarketoSource, ...]:
    """Marketo, where the environment has its credentials."""
    return () if Settings.read(environ) is None else (MarketoSource(environ),)
