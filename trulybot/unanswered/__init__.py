"""What nobody could answer, grouped by meaning, until the owner does."""
