"""Find passages, decide whether they answer, and say so; nothing about HTTP in here."""
