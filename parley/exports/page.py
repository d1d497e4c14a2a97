"""One page in HTML that looks like the conversation, and needs nothing beside it."""

from __future__ import annotations

import asyncio
import functools
import re
from collections.abc import AsyncGenerator
from itertools import islice
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup
from msgspec import UNSET

from parley import contract, present
from parley.exports.taking import Taking

_STYLES = Path(__file__).parent.parent / "static" / "css" / "pages" / "exported.css"
_IMPORT = re.compile(r'@import "([^"]+)";')
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_END = b"</main>\n</body>\n</html>\n"
SLICE_MESSAGES = 50
"""Made at once, in some two milliseconds: others have their turn between."""


async def page(taking: Taking, *, with_files: bool = False) -> AsyncGenerator[bytes, None]:
    """`with_files` where they lie beside it: else they are only named."""
    templates = _without_waiting(taking.templates)
    begin = templates.get_template("exported/begin.html")
    messages = templates.get_template("exported/messages.html")
    grouped = taking.templates.filters["grouped"]
    names = {each.user_id: each.username for each in taking.begun.people}
    hues = taking.templates.filters["hues"](taking.begun.people, ())
    before: list[contract.Message] = []
    yield begin.render(head=taking.head, sheet=_sheet()).encode()
    async for found in taking.pages():
        names.update({each.user_id: each.username for each in found})
        made: list[str] = []
        for at in range(0, len(found), SLICE_MESSAGES):
            some = [_as_shown(each, with_files) for each in found[at : at + SLICE_MESSAGES]]
            shown = islice(grouped([*before, *some]), len(before), None)
            made.append(messages.render(shown=shown, names=names, hues=hues, with_files=with_files))
            before = some[-1:]
            await asyncio.sleep(0)
        yield "".join(made).encode()
    yield _END


def _as_shown(message: contract.Message, with_files: bool) -> contract.Message:
    """With its files where they lie in the archive: nothing of the server's is named."""
    if not message.attachments:
        return message
    for file in message.attachments:
        # A preview stays on the server.
        file.thumbnail_url = UNSET
        file.url = present.export_path(file) if with_files else ""
    return message


@functools.lru_cache(maxsize=1)
def _without_waiting(templates: Environment) -> Environment:
    """The same, where no value is one to wait for: to look for that costs more than all else."""
    return templates.overlay(enable_async=False)


@functools.cache
def _sheet() -> Markup:
    """The styles, all in one."""
    return Markup(_COMMENT.sub("", _inlined(_STYLES)))  # noqa: S704  # it is ours


def _inlined(path: Path) -> str:
    return _IMPORT.sub(
        lambda found: _inlined(path.parent / found[1]), path.read_text(encoding="utf-8")
    )
