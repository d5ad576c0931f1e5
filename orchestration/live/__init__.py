"""Loads from the systems themselves: their APIs, and databases that others fill.

`source.py` says what a system's module has to give, `pipeline.py` loads what it
gives into the landed store with dlt, `store.py` hands the store's files to the
loader of exports, which reads them beside LANDING. Which sources there are,
`configured.py` finds in the environment.
"""
