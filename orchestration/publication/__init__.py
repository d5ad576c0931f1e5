"""What readers see, swapped in one step; and the books that were closed."""
