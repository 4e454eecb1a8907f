"""Whether the isolation tests see what they are there to see: each wall is taken down in turn, in its own database."""
