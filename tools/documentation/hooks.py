"""What ProperDocs does with our pages beside what it does anyway."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
STATIC = ROOT / "parley" / "static"
TAKEN = ("css/tokens.css", "css/base.css", "img/favicon.svg")
"""What the pages of the program look like, these look like."""
_ALIGNED = re.compile(r'style="text-align: (\w+);"')
_OUT_OF_DOCS = re.compile(r"\[([^\]]+)\]\(\.\./(?!guides/|[a-z]+\.md)([^)#]+)[^)]*\)")


def on_config(config: Any, **_more: Any) -> Any:
    config.mdx_configs["toc"] = {"slugify": slug, "permalink": "", "toc_depth": "1-3"}
    config.extra["version"] = _version()
    return config


def slug(heading: str, _separator: str) -> str:
    """As GitHub names headings, so that links to them lead there in both places."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def on_page_markdown(markdown: str, page: Any, **_more: Any) -> str:
    """What lies beside the documents is in the source alone: say where, and don't link to it."""
    if "/" in page.file.src_uri:
        return markdown
    return _OUT_OF_DOCS.sub(r"\1 (`\2` in the source)", markdown)


def on_page_content(html: str, **_more: Any) -> str:
    """Our policy allows no styles in elements."""
    return _ALIGNED.sub(r'class="\1"', html)


def on_post_build(config: Any, **_more: Any) -> None:
    assets = Path(config.site_dir) / "assets"
    for name in TAKEN:
        shutil.copyfile(STATIC / name, assets / Path(name).name)


def _version() -> str:
    source = (ROOT / "parley" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', source)
    return found.group(1) if found else ""
