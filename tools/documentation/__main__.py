"""`python -m tools.documentation [FOLDER]`: build the documentation, into a folder of your own."""

from __future__ import annotations

import argparse

from tools.documentation.building import build

parser = argparse.ArgumentParser(prog="python -m tools.documentation", description=build.__doc__)
parser.add_argument("folder", nargs="?", help="parley/documentation, if not given")
build(parser.parse_args().folder)
