"""How long a run takes, next to the same tables written by hand in SQL."""
