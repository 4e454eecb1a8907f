"""What the owner answers in their own words: instant, and before anything else."""
