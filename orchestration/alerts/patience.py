"""How often an alert is tried: a sensor has a minute for all of it."""

WAITS = (1, 2, 4)
"""Seconds before each further try."""
