"""The Dagster assets and checks, a module per concern."""
