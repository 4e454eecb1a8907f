"""How fast TrulyBot is, and how well it finds: `python -m bench` and `python -m bench quality --set FOLDER`."""
