"""Loads, transforms, checks and publishes the lead funnel."""
