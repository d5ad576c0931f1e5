"""The probability that a lead is accepted: learned, judged, and written down."""
