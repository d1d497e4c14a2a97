"""Build the site of `properdocs.yml`."""

from __future__ import annotations

import logging
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def build(folder: str | None = None, *, strict: bool = True) -> None:
    """Into a folder, or where `parley serve` looks for it. Raises `Abort` where a link leads to
    nothing or a page stands in no menu, if `strict`.
    """
    from properdocs.commands.build import build
    from properdocs.config import load_config

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    given = {} if folder is None else {"site_dir": str(Path(folder).absolute())}
    with (ROOT / "properdocs.yml").open("rb") as file:
        build(load_config(file, strict=strict, **given))
