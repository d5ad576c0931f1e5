"""dbt, run inside this process."""
