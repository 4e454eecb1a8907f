"""What every part builds on; knows nothing of the product."""
