"""The golden sets of a workspace, kept in the database and asked by the worker."""
