"""Further commands of `lead-funnel`, a module each.

A module here that has a function `register(app)` adds its command to the
program; nothing else needs to know of it.
"""
