"""What visitors leave us, so that a person can answer them."""
