"""How messages begin in a WhatsApp export: `[31/01/2024 17:07:09] ` or `1/31/24, 5:07 PM - `.

The phone writes dates in its own language, so there are as many forms as there are languages. A
file has one of them, by which its messages are told from lines that were pasted into them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

from parley.importing.whatsapp_dates import HALVES, ORDERS, UNSEEN, Order, half_of

_U = f"[{UNSEEN}]*"
_SPACE = "[ \u00a0\u202f\u2009]"
_DATE = (
    rf"(\d{{1,4}})({_U}(?:[./-]|年|년){_U}{_SPACE}?)(\d{{1,2}})({_U}(?:[./-]|月|월){_U}{_SPACE}?)"
    r"(\d{1,4})"
)
_BETWEEN = r"([^\d\n\[\]]{1,24}?)"
_TIME = r"(\d{1,2})( ?[:.h：٫] ?)(\d{2})(?:\8(?P<second>\d{2}))?"  # noqa: RUF001  # full-width, meant
_AFTER = r"([^\d\n\[\]]{0,16}?)"
# Of the iPhone, of Android, and of iPhones until about 2017, which say no more than Android.
_FRAMES = ((rf"{_U}\[{_U}", rf"\]{_U} "), (_U, rf"{_U} [-–] "), (_U, ": "))
_ANY = [re.compile(f"{before}{_DATE}{_BETWEEN}{_TIME}{_AFTER}{after}") for before, after in _FRAMES]
_UNSEEN = re.compile(f"[{UNSEEN}]+")
_HOURS = re.compile(r"\b(?:uhr|h|hs|hrs|uur|ч)\b", re.IGNORECASE)
"""After a time, and no half of the day."""
_IRC = re.compile(r"<[^>]{1,64}> |\* |\*\*\* |-!- ")
"""What clients of IRC write after a time in brackets."""


class Form:
    """The one of a file.

    `match` finds it at the beginning of a line; its groups are the date, what tells the half of
    the day before the time, hour, minute, second, and what tells the half of the day after it.
    """

    def __init__(self, found: re.Match[str], frame: tuple[str, str]) -> None:
        self.is_iphone = frame is _FRAMES[0]
        first, apart, _, apart_too, last, between, _, colon, _, second, after = found.groups()
        self.orders: tuple[Order, ...] = ORDERS[:2] if len(last) > 2 else ORDERS
        """Which ones its dates may have by the look of them."""
        self.usual: Order | None = None
        """Which one they have where that stays open: with points, the day stands first."""
        if len(first) > 2 or apart.strip() in ("年", "년") or ("." in apart and "오" in between):
            self.orders = ("ymd",)
        elif "." in apart:
            self.usual = "dmy"
        date = (
            rf"(\d{{{'4' if len(first) > 2 else '1,2'}}}{_literal(apart)}\d{{1,2}}"
            rf"{_literal(apart_too)}\d{{{'4' if len(last) > 2 else '1,2'}}})"
        )
        colon = _literal(colon)
        time = rf"(\d{{1,2}}){colon}(\d\d)" + (rf"{colon}(\d\d)" if second else "()")
        before = _BETWEEN if half_of(between) in HALVES else f"(){_literal(between)}"
        behind = f"(){_literal(after)}" if half_of(after) == -1 or _HOURS.search(after) else _AFTER
        rest = rf"{date}{before}{time}{behind}"
        self.expression = rest.join(frame)
        self.match: Callable[[str], re.Match[str] | None] = re.compile(self.expression).match


def form_of(lines: Sequence[str]) -> Form | None:
    """Told by the first lines: the first of all decides, else what most begin with. None where
    this is no export of WhatsApp's."""
    found: Counter[str] = Counter()
    forms: dict[str, Form] = {}
    spoken = irc = 0
    for number, line in enumerate(lines):
        if not (form := _form(line)):
            continue
        rest = line[form.match(line).end() :]  # type: ignore[union-attr]  # made of this line
        if number == 0:
            found[form.expression] += len(lines)
        found[form.expression] += 1
        forms.setdefault(form.expression, form)
        spoken += ": " in rest or rest.endswith(":")
        irc += _IRC.match(rest) is not None
    if not spoken or irc * 2 > spoken:
        return None
    return forms[found.most_common(1)[0][0]]


def _form(line: str) -> Form | None:
    for frame, expression in zip(_FRAMES, _ANY, strict=True):
        if (found := expression.match(line)) and (found["second"] or frame is not _FRAMES[2]):
            form = Form(found, frame)
            return form if form.match(line) else None
    return None


def _literal(text: str) -> str:
    """As an expression. Spaces are all alike: editors change one into another."""
    unmarked = _UNSEEN.sub("", text)
    marks = _U if unmarked != text else ""
    return marks + "".join(
        (_SPACE if each.isspace() else re.escape(each)) + marks for each in unmarked
    )
