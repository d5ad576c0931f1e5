"""Personal data: what is erased on request, and how long what is kept."""
