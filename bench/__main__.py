"""
python -m bench                         ratios: what TrulyBot takes over what it stands on
python -m bench quality --set FOLDER…   how well it finds and answers, on golden sets
"""

import argparse
from pathlib import Path

from bench import quality, speed

PORT = 8730


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT, help="the first of three ports that are free (8730)")
    commands = parser.add_subparsers(dest="command")
    sets = commands.add_parser("quality", help="how well it finds and answers")
    sets.add_argument("--set", type=Path, required=True, nargs="+", metavar="FOLDER", help="a golden set")
    options = parser.parse_args()
    if options.command == "quality":
        quality.run(options.set, options.port)
    else:
        speed.run(options.port)


main()
