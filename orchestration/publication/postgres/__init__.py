"""The same publication in Postgres, for BI tools that need a server."""
