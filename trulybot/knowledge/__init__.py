"""The history of what a workspace knows: which acts changed it, when and by whom."""
