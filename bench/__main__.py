"""
python -m bench                         ratios: what TrulyBot takes over what it stands on
python -m bench limits                  what counting costs a request
python -m bench signin                  whether the time of a sign-in tells who has an account
python -m bench gateway                 a request with the gateway, and without
python -m bench scale                   searches beside how much a workspace holds; some ten minutes
"""

import argparse

from bench import gateway, limits, scale, signin, speed

PORT = 8730


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--port", type=int, default=PORT, help="the first of three ports that are free (8730)")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("limits", help="what counting costs a request")
    commands.add_parser("signin", help="whether the time of a sign-in tells who has an account")
    commands.add_parser("gateway", help="what a request costs on its way through the gateway")
    sizes = commands.add_parser("scale", help="searches beside how much a workspace holds")
    sizes.add_argument("--sizes", type=int, nargs="+", default=scale.SIZES, metavar="PASSAGES")
    options = parser.parse_args()
    if options.command == "limits":
        limits.run()
    elif options.command == "signin":
        signin.run()
    elif options.command == "gateway":
        gateway.run()
    elif options.command == "scale":
        scale.run(options.port, options.sizes)
    else:
        speed.run(options.port)


main()
