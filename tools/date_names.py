"""What months, days and halves of days are called: made of Unicode's CLDR, by its npm package.

    python -m tools.date_names           make the files again
    python -m tools.date_names --check   compare those on disk with their hashes; no network

`parley/importing/date_names.txt` is by what dates in people's own languages are read. A package
whose SHA-256 is not the one written here is refused. To take a newer version, change it, run this,
and write down the hashes it names.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tools.made import Package, make_or_check, unpacked

DATES = Package(
    "cldr-dates-full",
    "48.2.0",
    "0256f1cefeca14f7d515be4872dda48fcdd7e75381430f25aafd0143eae5b430",
    "Unicode-3.0",
)
FOLDER = Path(__file__).parent.parent / "parley" / "importing"
NAMES = FOLDER / "date_names.txt"
LICENCE = FOLDER / "date_names.LICENSE"
MADE = {
    NAMES: "027560621115037287cd2f5b364facd471bd1a08c13a3dd4924d5311439ce312",
    LICENCE: "0a76270b079e66eed975bcdaf52e66885cc42eaca68a3565601ee2147dcf63bb",
}
"""The SHA-256 of what was made."""
LANGUAGES = (
    *("en", "en-AU", "en-CA", "de", "fr", "es", "es-MX", "pt", "pt-PT", "it", "nl", "sv", "da"),
    *("nb", "fi", "is", "pl", "cs", "sk", "hu", "ro", "bg", "el", "tr", "uk", "ru", "be", "sr"),
    *("sr-Latn", "hr", "bs", "sl", "mk", "sq", "lt", "lv", "et", "ca", "eu", "gl", "cy", "ga"),
    *("af", "vi", "th", "lo", "km", "my", "ja", "ko", "zh", "zh-Hant", "id", "ms", "fil", "hi"),
    *("bn", "ta", "te", "mr", "gu", "kn", "ml", "pa", "si", "ne", "ur", "fa", "ar", "he", "sw"),
    *("am", "zu", "ka", "hy", "az", "kk", "uz", "mn", "ky"),
)
"""Those that accounts of Google can be in, as far as people use them."""
NUMBERED = frozenset({"ja", "ko", "zh", "zh-Hant"})
"""Whose dates number the months: `2月` is what CLDR has for its short form."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BEFORE_NOON = ("am", "midnight")
AFTER_NOON = ("pm", "noon")
CHINESE = (
    ("morning1", "morning2", "night1"),
    ("afternoon1", "afternoon2", "evening1"),
)
"""What stands before the hours of each half of the day, where it is not only two words."""


def make() -> None:
    """Fetch the package and write the files. Raises `VendorError`."""
    with tempfile.TemporaryDirectory() as folder:
        package = unpacked(DATES, Path(folder) / "dates")
        licence = (package / "LICENSE").read_text("utf-8")
        lines = [_line(package, language) for language in LANGUAGES]
    head = (
        f"# Of {DATES.name} {DATES.version}, made by tools/date_names.py. "
        "Licence: date_names.LICENSE.\n"
        "# A language, its months, its days from Monday, and what stands for a.m. and p.m."
    )
    NAMES.write_text("\n".join((head, *lines, "")), "utf-8")
    LICENCE.write_text(f"{DATES.name} {DATES.version} ({DATES.licence})\n\n{licence}", "utf-8")


def _line(package: Path, language: str) -> str:
    """Columns apart by tabs, what stands in one of them by semicolons, other names of the same by
    bars."""
    path = package / "main" / language / "ca-gregorian.json"
    whole = json.loads(path.read_text("utf-8"))["main"][language]
    calendar = whole["dates"]["calendars"]["gregorian"]
    months = [_names(calendar["months"], str(number)) for number in range(1, 13)]
    if language in NUMBERED:
        short = calendar["months"]["format"]["abbreviated"].values()
        months = [f"{wide}|{name}" for wide, name in zip(months, short, strict=True)]
    days = [_names(calendar["days"], day) for day in DAYS]
    halves = [
        _joined(
            _unless_a_letter(forms[form].get(name), form)
            for form in ("abbreviated", "wide", "narrow")
            for name in (*named, *(chinese if language.startswith("zh") else ()))
            for forms in (calendar["dayPeriods"]["format"],)
        )
        for named, chinese in zip((BEFORE_NOON, AFTER_NOON), CHINESE, strict=True)
    ]
    return "\t".join((language, ";".join(months), ";".join(days), *halves))


def _unless_a_letter(name: str | None, form: str) -> str | None:
    """A single letter of the narrow form tells nothing."""
    return None if form == "narrow" and name is not None and len(name) == 1 else name


def _names(forms: dict[str, Any], key: str) -> str:
    return _joined(forms[form]["wide"][key] for form in ("format", "stand-alone"))


def _joined(names: Iterable[str | None]) -> str:
    return "|".join(dict.fromkeys(filter(None, names)))


if __name__ == "__main__":
    make_or_check("names in dates", make, MADE)
