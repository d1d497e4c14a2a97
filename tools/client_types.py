"""The types of `parley.client`, made from the contract.

`python -m tools.reference` writes them; a test compares. A client imports nothing of the server,
and takes what a newer server says: a word that it does not know is a word, and what may be missing
is None.
"""

from __future__ import annotations

import inspect
import re
import textwrap
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, UnsetType

from parley import contract

REPLIES: tuple[type[Struct], ...] = (
    contract.JoinAck,
    contract.WatchAck,
    contract.KnockAck,
    contract.KnockReply,
    contract.SendAck,
    contract.SyncAck,
    contract.ChangedAck,
    contract.ErrorAck,
    contract.ErrorReply,
    contract.JoinReply,
    contract.ConversationReply,
    contract.EnteredReply,
    contract.EpochsReply,
    contract.FileReply,
    contract.FilesReply,
    contract.MessagesReply,
    contract.ParticipantsReply,
    contract.PinsReply,
    contract.SearchReply,
)
"""What the client asks for, beside what the server sends by itself."""
EVENTS = "EVENTS"
_HEAD = '''"""What the server says, as types. Made by `python -m tools.reference` from the contract.

What may be missing is None. Words that stand for something, such as a role, are plain text here: a
newer server may know more of them.
"""

from __future__ import annotations

from typing import Any

from msgspec import Raw, Struct, field
'''
_NOTHING = '''class Nothing(Struct, kw_only=True):
    """Done."""'''


def module() -> str:
    """The source of `parley/client/types.py`."""
    wanted = [*REPLIES, *(event.data for event in contract.SERVER_EVENTS.values())]
    structs = list(dict.fromkeys(each for struct in wanted for each in _with_parts(struct)))
    classes = [_NOTHING, *(_class(struct) for struct in structs)]
    events = "".join(
        f'    "{event.name}": {event.data.__name__},\n' for event in contract.SERVER_EVENTS.values()
    )
    table = f"{EVENTS}: dict[str, type[Struct]] = {{\n{events}}}\n"
    return (
        "\n\n\n".join((_HEAD.rstrip(), *classes))
        + f"\n\n\n{table}"
        + '"""By the names of events."""\n'
    )


def _with_parts(struct: type[Struct]) -> Iterator[type[Struct]]:
    """What it is made of, and then itself."""
    for hint in get_type_hints(struct, include_extras=True).values():
        for part in _structs_in(hint):
            yield from _with_parts(part)
    yield struct


def _structs_in(hint: Any) -> Iterator[type[Struct]]:
    if isinstance(hint, type) and issubclass(hint, Struct):
        yield hint
    for argument in get_args(hint):
        yield from _structs_in(argument)


def _class(struct: type[Struct]) -> str:
    hints = get_type_hints(struct, include_extras=True)
    lines = [f"class {struct.__name__}(Struct, kw_only=True):"]
    if (doc := _doc(struct)) != "":
        lines.append(textwrap.indent(f'"""{doc}"""', "    "))
        lines.append("")
    fields = [
        _field(each, hints[each.name])
        for each in msgspec.structs.fields(struct)
        if each.encode_name not in ("ok", "success")
    ]
    return "\n".join((*lines, *(fields or ["    pass"])))


def _doc(struct: type[Struct]) -> str:
    """What the contract says of it, without the addresses of its links."""
    said = inspect.cleandoc(struct.__doc__ or "")
    if said.startswith(f"{struct.__name__}("):  # msgspec's own
        return ""
    said = re.sub(r"\[([^\]]+)\]\(#?[^)]*\)", r"\1", said)
    paragraphs = [textwrap.fill(each, 90) for each in said.split("\n\n")]
    told = "\n\n".join(paragraphs)
    return told + "\n" if "\n" in told else told


def _field(field: msgspec.structs.FieldInfo, hint: Any) -> str:
    kind = _type(hint)
    may_be_missing = not field.required
    is_named = field.encode_name != field.name
    if not may_be_missing and not is_named:
        return f"    {field.name}: {kind}"
    if may_be_missing and field.default not in (msgspec.UNSET, msgspec.NODEFAULT, None):
        return f"    {field.name}: {kind} = {_literal(field.default)}"
    optional = kind if kind.endswith("| None") or not may_be_missing else f"{kind} | None"
    if is_named:
        default = ", default=None" if may_be_missing else ""
        return f'    {field.name}: {optional} = field(name="{field.encode_name}"{default})'
    return f"    {field.name}: {optional} = None"


def _literal(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(arguments[0])
    if origin is Literal:
        return "bool" if isinstance(arguments[0], bool) else "str"
    if origin in (Union, types.UnionType):
        parts = [_type(each) for each in arguments if each not in (UnsetType, type(None))]
        told = " | ".join(dict.fromkeys(parts))
        return f"{told} | None" if type(None) in arguments else told
    if origin is list:
        return f"list[{_type(arguments[0])}]"
    if origin is dict:
        return "dict[str, Any]"
    if hint is Any:
        return "Any"
    if isinstance(hint, type) and issubclass(hint, str):
        return "str"
    return str(hint.__name__)
