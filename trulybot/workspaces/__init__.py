"""Workspaces, who may do what in them, and their keys."""
