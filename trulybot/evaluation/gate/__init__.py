"""The publish gate: a change of the knowledge or of the bot waits until a golden set has been asked of it."""
