"""
A file in, its sections out.

`reader.read` is the way in. It starts `child`, a process with nothing to lose, which finds out what
the file is (`kinds`) and hands it to the module of that kind. Nothing here imports a parser until it
is needed: the child lives for one file, and its start is most of what a small file costs.
"""
