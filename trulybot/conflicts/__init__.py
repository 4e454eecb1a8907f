"""What the knowledge says twice, and differently; and what it says of a day that is over."""
