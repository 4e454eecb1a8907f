"""The publish gate: a change of the knowledge waits until a golden set has been asked of it."""
