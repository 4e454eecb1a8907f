"""The widget: its script, and what it may know."""
