"""Great Expectations suites by layer, and the one function that runs them."""
