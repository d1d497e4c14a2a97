"""Who makes room where places are scarce."""

from __future__ import annotations

from parley.wire import idle
from parley.wire.idle import Idle
from tests.countdowns import NEVER_S


class Client:
    def __init__(self, place: str, gone: list[str]) -> None:
        self.place = place
        self._gone = gone

    def dismiss(self) -> None:
        self._gone.append(self.place)


def filled(*comings: tuple[str, float]) -> tuple[Idle, list[str]]:
    """Clients of these places, idle since so many seconds, the longest first."""
    gone: list[str] = []
    house = Idle(NEVER_S)
    for place, seconds in comings:
        client = Client(place, gone)
        house.start(client)
        house._clients[place][client] -= seconds
    return house, gone


LONG, SHORT = idle.SPARED_S + 1, idle.SPARED_S - 5


async def test_the_oldest_of_the_address_with_most_goes() -> None:
    house, gone = filled(("a", 4 * LONG), ("b", 2 * LONG), ("b", LONG), ("b", 0))
    for _ in range(5):
        house.make_room()
    assert gone == ["b", "b", "a"]
    assert len(house) == 1


async def test_an_address_that_always_has_new_ones_spares_nobody_else() -> None:
    house, gone = filled(("a", LONG), *[("b", SHORT)] * 10)
    house.make_room()
    house.make_room()
    assert gone == ["a"]


async def test_for_an_address_its_own_alone_makes_room() -> None:
    house, gone = filled(("a", LONG), ("b", LONG), ("b", LONG))
    for place in ("a", "a", "nobody's"):
        house.make_room(place)
    assert gone == ["a"]
