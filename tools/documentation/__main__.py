"""`python -m tools.documentation [FOLDER]`: build the documentation, into a folder of your own."""

from __future__ import annotations

import sys

from tools.documentation.building import build

build(*sys.argv[1:2])
