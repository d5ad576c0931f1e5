"""One run of the whole job: its lock, steps, report and log."""
