"""What hatchling runs when Parley is packed or installed: the documentation comes along."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Documentation(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not (Path(self.root) / "docs").is_dir():
            return  # of the package alone, as for an image: /docs says that it is not there
        sys.path.insert(0, self.root)
        from tools.documentation.building import build

        build(strict=False)  # a wrong link is no reason not to install
