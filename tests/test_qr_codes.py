"""QR codes: quickly drawn, whatever the link."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
import segno

from parley.errors import BadRequest
from parley.pages import qr_codes

LINK = "https://talk.example.org/link/" + "Aa0_" * 10


def work(act: Callable[[], object]) -> float:
    """Seconds of a core; the least of some tries, for all else only ever adds to it."""

    def once() -> float:
        started = time.thread_time()
        act()
        return time.thread_time() - started

    return min(once() for _ in range(5))


def test_a_code_holds_the_link() -> None:
    drawing = qr_codes.draw(LINK, scale=1).decode()
    assert drawing.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    same = segno.make(LINK, micro=False, mask=qr_codes.MASK)
    assert same.svg_inline(scale=1, border=2).partition("<path")[2] in drawing


def test_to_draw_one_costs_less_than_to_look_for_the_best_mask() -> None:
    assert work(lambda: qr_codes.draw(LINK, scale=8)) < work(lambda: segno.make(LINK, micro=False))


def test_a_link_that_no_code_can_hold_is_refused() -> None:
    with pytest.raises(BadRequest):
        qr_codes.draw("https://" + "a" * 3000, scale=8)
