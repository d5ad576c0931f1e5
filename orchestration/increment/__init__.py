"""What a run does anew: decided, built in a slice, folded into the whole."""
