"""The sample company: a seeded generator and the data it made."""
