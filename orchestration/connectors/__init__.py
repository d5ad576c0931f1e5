"""What reads the systems that leads come from."""
