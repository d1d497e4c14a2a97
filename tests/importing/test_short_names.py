"""Emoji by the names that other chats have for them."""

from __future__ import annotations

from parley.domain.emoji import one_emoji
from parley.importing import short_names
from tests.cases import together


@together(
    ("name", "emoji"),
    [
        ("+1", "👍"),
        ("thumbsup", "👍"),
        ("+1::skin-tone-3", "👍🏼"),
        ("wave_dark_skin_tone", "👋🏿"),
        ("wave_medium_light_skin_tone", "👋🏼"),
        ("wave_medium_skin_tone", "👋🏽"),
        ("heart", "❤️"),
        ("tada::skin-tone-2", "🎉"),
        ("female-technologist::skin-tone-6", "👩🏿‍💻"),
        ("woman_technologist", "👩‍💻"),
        ("flag-de", "🇩🇪"),
        ("simple_smile", "🙂"),
        ("party_parrot", None),
        ("", None),
        ("_dark_skin_tone", None),
    ],
)
def test_a_name_is_an_emoji(name: str, emoji: str | None) -> None:
    assert short_names.emoji(name) == emoji


def test_what_is_no_emoji_keeps_its_name() -> None:
    assert short_names.reaction("party_parrot") == ":party_parrot:"
    assert (
        short_names.replaced(":wave::skin-tone-3: at 10:30:00, :party_parrot::tada:")
        == "👋🏼 at 10:30:00, :party_parrot:🎉"
    )


def test_parley_takes_every_one_of_them_as_a_reaction() -> None:
    lines = short_names.LIST.read_text("utf-8").splitlines()[1:]
    names = [name for line in lines for name in line.split("\t")[2].split()]
    assert len(names) > 2000
    assert len(set(names)) == len(names)
    for name in names:
        for tone in ("", "::skin-tone-2", "::skin-tone-6"):
            emoji = short_names.emoji(name + tone)
            assert emoji is not None
            assert one_emoji(emoji) == emoji
