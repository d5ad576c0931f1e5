"""What happens by itself: when a source is loaded, what is built after it, and how old
it may get."""
