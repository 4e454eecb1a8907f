"""The time machine: go back to an earlier state of the knowledge, replay an answer, prove a deletion."""
