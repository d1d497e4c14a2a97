"""Dates are read in the languages of those who have them, and what is no date is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.importing.local_dates import LIST, Reader
from tests.cases import together
from tools import date_names, made

SUNDAY = datetime(2015, 2, 15, 21, 54, 36, tzinfo=UTC)


@together(
    "written",
    [
        "Sunday, February 15, 2015 at 9:54:36 PM UTC",
        "Sunday, February 15, 2015 at 9:54:36\u202fPM UTC",
        "Sunday, 15 February 2015 at 21:54:36 UTC",
        "Sunday, February 15, 2015 at 9:54:36 p.m. UTC",
        "Sonntag, 15. Februar 2015 um 21:54:36 UTC",
        "dimanche 15 février 2015 à 21:54:36 UTC",
        "dimanche 15 février 2015 à 21 h 54 min 36 s UTC",
        "domingo, 15 de febrero de 2015, 21:54:36 UTC",
        "domingo, 15 de febrero de 2015, 9:54:36\u202fp.\u00a0m. UTC",
        "domingo, 15 de fevereiro de 2015 às 21:54:36 UTC",
        "domenica 15 febbraio 2015 alle ore 21:54:36 UTC",
        "zondag 15 februari 2015 om 21:54:36 UTC",
        "söndag 15 februari 2015 kl. 21:54:36 UTC",
        "søndag den 15. februar 2015 kl. 21.54.36 UTC",
        "sunnuntai 15. helmikuuta 2015 klo 21.54.36 UTC",
        "niedziela, 15 lutego 2015 21:54:36 UTC",
        "neděle 15. února 2015 v 21:54:36 UTC",
        "2015. február 15., vasárnap 21:54:36 UTC",
        "duminică, 15 februarie 2015 la 21:54:36 UTC",
        "неделя, 15 февруари 2015 г. в 21:54:36 ч. UTC",  # noqa: RUF001
        "Κυριακή, 15 Φεβρουαρίου 2015 στις 9:54:36 μ.μ. UTC",
        "15 Şubat 2015 Pazar 21:54:36 UTC",
        "неділя, 15 лютого 2015 р. о 21:54:36 UTC",  # noqa: RUF001
        "воскресенье, 15 февраля 2015 г. в 21:54:36 UTC",  # noqa: RUF001
        "nedjelja, 15. veljače 2015. u 21:54:36 UTC",
        "2015 m. vasario 15 d., sekmadienis 21:54:36 UTC",
        "svētdiena, 2015. gada 15. februāris 21:54:36 UTC",
        "2015(e)ko otsailaren 15(a), igandea (21:54:36 (UTC))",
        "lúc 21:54:36 UTC Chủ Nhật, 15 tháng 2, 2015",
        "วันอาทิตย์ที่ 15 กุมภาพันธ์ พุทธศักราช 2558 เวลา 21 นาฬิกา 54 นาที 36 วินาที UTC",
        "2015年2月15日日曜日 21時54分36秒 UTC",
        "2015년 2월 15일 일요일 오후 9시 54분 36초 UTC",
        "2015年2月15日星期日 UTC 21:54:36",
        "2015年2月15日 星期日 晚上9:54:36 [UTC]",
        "Minggu, 15 Februari 2015 pukul 21.54.36 UTC",
        "रविवार, 15 फ़रवरी 2015 को 9:54:36 pm UTC बजे",
        "الأحد، ١٥ فبراير ٢٠١٥ في ٩:٥٤:٣٦ م UTC",  # noqa: RUF001
        "יום ראשון, 15 בפברואר 2015 בשעה 21:54:36 UTC",
        "Linggo, Pebrero 15, 2015 nang 9:54:36 PM UTC",
        "2015-02-15T21:54:36Z",
    ],
)
def test_a_date_is_read_in_its_language(written: str) -> None:
    assert Reader().read(written) == SUNDAY


@pytest.mark.parametrize(
    ("written", "month"),
    [
        ("niedziela, 15 listopada 2015 21:54:36 UTC", 11),
        ("četvrtak, 15. listopada 2015. u 21:54:36 UTC", 10),
        ("Dydd Sul, 15 Mawrth 2015 am 21:54:36 UTC", 3),
        ("Dydd Mawrth, 15 Medi 2015 am 21:54:36 UTC", 9),
    ],
)
def test_the_day_of_the_week_tells_languages_apart(written: str, month: int) -> None:
    reader = Reader()
    reader.read("niedziela, 15 lutego 2015 21:54:36 UTC")
    assert reader.read(written) == SUNDAY.replace(month=month)


@pytest.mark.parametrize(
    ("clock", "hour"),
    [("12:00:00 AM", 0), ("1:00:00 AM", 1), ("12:00:00 PM", 12), ("11:00:00 PM", 23),
     ("13:00:00 PM", 13), ("0:00:00 PM", 0), ("12:00:00", 12)],
)  # fmt: skip
def test_halves_of_the_day(clock: str, hour: int) -> None:
    found = Reader().read(f"Sunday, February 15, 2015 at {clock} UTC")
    assert found == SUNDAY.replace(hour=hour, minute=0, second=0)


def test_an_offset_counts() -> None:
    for written, hours in (("UTC+01:00", -1), ("GMT-5", 5), ("UTC", 0)):
        found = Reader().read(f"Sonntag, 15. Februar 2015 um 21:54:36 {written}")
        assert found == SUNDAY + timedelta(hours=hours)


@together(
    "written",
    [
        "Monday, February 30, 2015 at 9:54:36 PM UTC",
        "Sunday, February 15, 2015 at 25:54:36 UTC",
        "Sunday, February 15, 2015 at 9:61:36 PM UTC",
        "Sunday, February 15, 0000 at 9:54:36 PM UTC",
        "Sunday, February 15, 1769 at 9:54:36 PM UTC",
        "Sunday, Smirch 15, 2015 at 9:54:36 PM UTC",
        "February 15, 2015",
        "never",
        "",
        "1 " * 90,
        "February " + "9" * 180,
        None,
        15,
        ["Sunday"],
    ],
)
def test_what_is_no_date_is_none(written: object) -> None:
    assert Reader().read(written) is None


@given(st.text(st.sampled_from("0123456789²:. ,年月日時febrymachpmutc+-\u202f"), max_size=80))
def test_any_text_is_a_date_or_none(written: str) -> None:
    Reader().read(f"february {written} 2015")


def test_the_names_are_as_they_were_made() -> None:
    assert not list(made.problems(date_names.MADE))
    assert len(LIST.read_text("utf-8").splitlines()) == len(date_names.LANGUAGES) + 2
