"""What a funnel's definition says, row by row, and whether it can be so."""
