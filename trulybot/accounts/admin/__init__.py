"""People, as an operator's programs see and change them."""
