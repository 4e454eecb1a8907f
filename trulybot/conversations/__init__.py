"""Visitors' questions and what they were told."""
