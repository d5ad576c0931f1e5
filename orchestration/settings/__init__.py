"""What a run was asked for: its vars and a company's own definition."""
