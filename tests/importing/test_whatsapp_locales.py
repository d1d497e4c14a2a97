# ruff: noqa: RUF001  # letters and marks of other scripts, meant
"""WhatsApp's exports as phones of many languages write them, and in which order their dates are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from parley.importing import whatsapp
from parley.importing.archive import Archive
from parley.importing.chats import Entry, ImportRefused
from parley.importing.whatsapp_dates import Order
from parley.importing.whatsapp_messages import LEFT_OUT
from tests.importing.opening import chat_in, read, said

TIMES = [
    datetime(2024, 1, 30, 0, 5, 1),
    datetime(2024, 1, 30, 9, 7, 2),
    datetime(2024, 1, 31, 12, 30, 3),
    datetime(2024, 1, 31, 17, 7, 9),
    datetime(2024, 2, 1, 23, 59, 59),
]
EASTERN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def half(time: datetime, am: str, pm: str) -> str:
    return am if time.hour < 12 else pm


def chinese(time: datetime) -> str:
    hour = time.hour
    return (
        "凌晨"
        if hour < 5
        else "上午"
        if hour < 12
        else "中午"
        if hour < 13
        else ("下午" if hour < 19 else "晚上")
    )


def twelve(time: datetime, midnight: int = 12) -> str:
    return f"{time.hour % 12 or (midnight if time.hour == 0 else 12)}:{time:%M}"


HEADERS: dict[str, Callable[[datetime], str]] = {
    "android en-US": lambda t: (
        f"{t.month}/{t.day}/{t:%y}, {twelve(t)}\u202f{half(t, 'AM', 'PM')} - "
    ),
    "android en-US, old": lambda t: (
        f"{t.month}/{t.day}/{t:%y}, {twelve(t)} {half(t, 'AM', 'PM')} - "
    ),
    "android en-AU": lambda t: f"{t:%d/%m/%Y}, {twelve(t)} {half(t, 'am', 'pm')} - ",
    "android en-IN": lambda t: f"{t:%d/%m/%y}, {twelve(t)}\u202f{half(t, 'am', 'pm')} - ",
    "android en-GB": lambda t: f"{t:%d/%m/%Y, %H:%M} - ",
    "android en-CA": lambda t: f"{t:%Y-%m-%d}, {twelve(t)} {half(t, 'a.m.', 'p.m.')} - ",
    "android de": lambda t: f"{t:%d.%m.%y, %H:%M} - ",
    "android es": lambda t: f"{t.day}/{t.month}/{t:%y}, {t.hour}:{t:%M} - ",
    "android es-MX": lambda t: (
        f"{t.day}/{t.month}/{t:%Y}, {twelve(t)} {half(t, 'a', 'p')}.\u00a0m. - "
    ),
    "android es-CO": lambda t: f"{t.day}/{t.month}/{t:%y}, {twelve(t)}{half(t, 'a', 'p')}. m. - ",
    "android fr": lambda t: f"{t:%d/%m/%Y, %H:%M} - ",
    "android fr, old": lambda t: f"{t:%d/%m/%Y à %H:%M} - ",
    "android fr-CA": lambda t: f"{t:%Y-%m-%d %H h %M} - ",
    "android it": lambda t: f"{t:%d/%m/%y, %H:%M} - ",
    "android nl": lambda t: f"{t:%d-%m-%Y %H:%M} - ",
    "android pt-BR": lambda t: f"{t:%d/%m/%Y %H:%M} - ",
    "android ru": lambda t: f"{t:%d.%m.%Y, %H:%M} - ",
    "android tr": lambda t: f"{t.day}.{t:%m.%Y %H:%M} - ",
    "android tr, 12 h": lambda t: f"{t.day}.{t:%m.%Y} {half(t, 'ÖÖ', 'ÖS')} {twelve(t)} - ",
    "android fi": lambda t: f"{t.day}.{t.month}.{t:%Y klo %H.%M} - ",
    "android da": lambda t: f"{t:%d.%m.%Y %H.%M} - ",
    "android sv": lambda t: f"{t:%Y-%m-%d %H:%M} - ",
    "android cs": lambda t: f"{t.day}. {t.month}. {t:%Y %H:%M} - ",
    "android hu": lambda t: f"{t:%Y. %m. %d. %H:%M} - ",
    "android ja": lambda t: f"{t:%Y/%m/%d} {half(t, '午前', '午後')}{twelve(t, 0)} - ",
    "android ja, 24 h": lambda t: f"{t:%Y/%m/%d, %H:%M} - ",
    "android ko": lambda t: (
        f"{t.year}년 {t.month}월 {t.day}일 {half(t, '오전', '오후')} {twelve(t)} - "
    ),
    "android zh": lambda t: f"{t.year}/{t.month}/{t.day} {chinese(t)}{twelve(t)} - ",
    "android zh, in words": lambda t: (
        f"{t.year}年{t.month}月{t.day}日 {half(t, '上午', '下午')}{twelve(t)} - "
    ),
    "android ar": lambda t: (
        f"{t.day}\u200f/{t.month}\u200f/{t.year}, {twelve(t)} {half(t, 'ص', 'م')} - ".translate(
            EASTERN
        )
    ),
    "android he": lambda t: f"{t.day}.{t.month}.{t:%Y, %H:%M} - ",
    "android fa": lambda t: f"{t:%Y/%m/%d}،\u200f {t:%H:%M} - ".translate(PERSIAN),
    "android fa, 12 h": lambda t: f"{t:%Y/%m/%d}، {twelve(t)} {half(t, 'ق', 'ب')}.ظ. - ".translate(
        PERSIAN
    ),
    "android th": lambda t: f"{t.day}/{t.month}/{t.year + 543} {t:%H:%M} - ",
    "iphone en-US": lambda t: (
        f"[{t.month}/{t.day}/{t:%y}, {twelve(t)}:{t:%S}\u202f{half(t, 'AM', 'PM')}] "
    ),
    "iphone en-AU": lambda t: (
        f"[{t.day}/{t.month}/{t:%Y}, {twelve(t)}:{t:%S}\u202f{half(t, 'am', 'pm')}] "
    ),
    "iphone de": lambda t: f"[{t:%d.%m.%y, %H:%M:%S}] ",
    "iphone es": lambda t: f"[{t.day}/{t.month}/{t:%y, %H:%M:%S}] ",
    "iphone es-MX": lambda t: f"[{t:%d/%m/%y}, {twelve(t)}:{t:%S} {half(t, 'a', 'p')}.m.] ",
    "iphone fr": lambda t: f"[{t:%d/%m/%Y %H:%M:%S}] ",
    "iphone it": lambda t: f"[{t:%d/%m/%y, %H:%M:%S}] ",
    "iphone nl": lambda t: f"[{t:%d-%m-%Y %H:%M:%S}] ",
    "iphone pt-BR": lambda t: f"[{t:%d/%m/%Y %H:%M:%S}] ",
    "iphone pt-PT": lambda t: f"[{t:%d/%m/%y, %H:%M:%S}] ",
    "iphone ru": lambda t: f"[{t:%d.%m.%Y, %H:%M:%S}] ",
    "iphone tr": lambda t: f"[{t.day}.{t:%m.%Y %H:%M:%S}] ",
    "iphone ja": lambda t: f"[{t:%Y/%m/%d} {t.hour}:{t:%M:%S}] ",
    "iphone ja, 12 h": lambda t: f"[{t:%Y/%m/%d} {half(t, '午前', '午後')}{twelve(t, 0)}:{t:%S}] ",
    "iphone ko": lambda t: (
        f"[{t.year}. {t.month}. {t.day}. {half(t, '오전', '오후')} {twelve(t)}:{t:%S}] "
    ),
    "iphone ko, short": lambda t: (
        f"[{t:%y}. {t.month}. {t.day}. {half(t, '오전', '오후')} {twelve(t)}:{t:%S}] "
    ),
    "iphone zh": lambda t: f"[{t.year}/{t.month}/{t.day} {chinese(t)}{twelve(t)}:{t:%S}] ",
    "iphone zh-TW": lambda t: (
        f"[{t.year}/{t.month}/{t.day} {half(t, '上午', '下午')}{twelve(t)}:{t:%S}] "
    ),
    "2016 iphone de": lambda t: f"{t:%d.%m.%y, %H:%M:%S}: ",
    "2016 iphone en-US": lambda t: (
        f"{t.month}/{t.day}/{t:%y}, {twelve(t)}:{t:%S} {half(t, 'AM', 'PM')}: "
    ),
    "iphone ar": lambda t: (
        f"[{t.day}\u200f/{t.month}\u200f/{t.year}، {twelve(t)}:{t:%S} "
        f"{half(t, 'ص', 'م')}] ".translate(EASTERN)
    ),
    "iphone he": lambda t: f"[{t.day}.{t.month}.{t:%Y, %H:%M:%S}] ",
}


def written(path: Path, header: Callable[[datetime], str], is_iphone: bool) -> Path:
    end, mark = ("\r\n", "\u200e") if is_iphone else ("\n", "")
    lines = [f"{header(TIMES[0])}{'Crew: ' if is_iphone else ''}{mark}Encrypted."]
    lines += [f"{header(time)}Ana Lima: a: b\nsecond" for time in TIMES]
    path.write_text(end.join(lines) + end, newline="")
    return path


@pytest.mark.parametrize("locale", HEADERS)
def test_times_are_read_as_every_phone_writes_them(locale: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", HEADERS[locale], locale.startswith("iphone"))
    chat, entries, problems = read(path, whatsapp.recognise)
    assert not problems
    assert set(chat.people) == {"Ana Lima"}
    assert [each.text for each in entries] == ["Encrypted.", *["a: b\nsecond"] * len(TIMES)]
    expected = TIMES if "iphone" in locale else [t.replace(second=0) for t in TIMES]
    assert [each.sent_at for each in said(entries)] == expected


def dated(path: Path, *dates: str) -> Path:
    path.write_text("".join(f"{date}, 12:00 - Ana: Milk\n" for date in dates))
    return path


@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (("1/2/24", "13/2/24"), "dmy"),
        (("1/2/24", "2/13/24"), "mdy"),
        (("1/30/24", "31/31/24", "2/1/24"), "mdy"),
        (("24/1/30", "24/1/31"), "ymd"),
        (("15/01/24",), "dmy"),
        # No day above twelve: time goes on.
        (("1/11/23", "1/12/23", "2/1/23", "2/2/23"), "mdy"),
        (("1/1/24", "12/1/24", "1/2/24"), "dmy"),
        # With points, the day stands first.
        (("01.02.24",), "dmy"),
        (("2024-02-01",), "ymd"),
        (("01/02/2024", "01/03/2024"), None),
        (("1/2/24",), None),
    ],
)
def test_the_order_of_dates_is_told_by_all_of_them(
    dates: tuple[str, ...], order: Order | None, tmp_path: Path
) -> None:
    with Archive(dated(tmp_path / "a.txt", *dates)) as archive:
        chat = whatsapp.recognise(archive)
        assert chat is not None
        assert chat.order == order


def test_dates_in_messages_say_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1/2/24, 12:00 - Ana: on\n31/1/24 or\n25/12/24, 12:00\n")
    with Archive(path) as archive:
        chat = whatsapp.recognise(archive)
        assert chat is not None
        assert chat.order is None


def test_an_open_order_is_asked_for(tmp_path: Path) -> None:
    with Archive(dated(tmp_path / "a.txt", "1/2/24", "1/3/24")) as archive:
        chat = whatsapp.recognise(archive)
        assert chat is not None
        with pytest.raises(ImportRefused, match=r"day \(dmy\) or the month \(mdy\)"):
            next(chat.entries())
        chat.order = "mdy"
        found = [each.sent_at for each in chat.entries() if isinstance(each, Entry)]
        assert found == [datetime(2024, 1, 2, 12), datetime(2024, 1, 3, 12)]
        given = whatsapp.recognise(archive, order="dmy")
        assert given is not None
        found = [each.sent_at for each in given.entries() if isinstance(each, Entry)]
        assert found == [datetime(2024, 2, 1, 12), datetime(2024, 3, 1, 12)]


def test_an_order_that_the_file_contradicts_is_refused(tmp_path: Path) -> None:
    with Archive(dated(tmp_path / "a.txt", "2024-02-01")) as archive:
        chat = whatsapp.recognise(archive, order="dmy")
        assert chat is not None
        with pytest.raises(ImportRefused, match="aren't written"):
            next(chat.entries())


def test_the_persian_calendar_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        "۱۴۰۲/۱۱/۱۱،\u200f ۱۷:۰۷ - آنا: سلام\n"
        "۱۴۰۳/۱/۱،\u200f ۰۰:۰۱ - آنا: نوروز\n"
        "۱۴۰۲/۱۲/۳۱، ۰۰:۰۱ - آنا: ؟\n"
    )
    _, entries, problems = read(path, whatsapp.recognise)
    assert [each.sent_at for each in entries] == [
        datetime(2024, 1, 31, 17, 7),
        datetime(2024, 3, 20, 0, 1),
    ]
    assert [each.place for each in problems] == ["line 3"]


def test_buddhist_years_of_two_figures_are_read(tmp_path: Path) -> None:
    _, entries, _ = read(dated(tmp_path / "a.txt", "31/1/67"), whatsapp.recognise)
    assert entries[0].sent_at == datetime(2024, 1, 31, 12)


def test_an_unknown_half_of_the_day_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("31/1/24, 5:07 zz - Ana: Milk\n31/1/24, 5:08 yy - Ana: eggs\n")
    with chat_in(path, whatsapp.recognise) as chat, pytest.raises(ImportRefused, match="“zz”"):
        next(chat.entries())


@pytest.mark.parametrize(
    ("deleted", "edited", "omitted", "attached"),
    [
        ("This message was deleted", "This message was edited", "Media omitted", "file attached"),
        (
            "Diese Nachricht wurde gelöscht.",
            "Diese Nachricht wurde bearbeitet.",
            "Medien ausgeschlossen",
            "Datei angehängt",
        ),
        ("Mensagem apagada", "Mensagem editada", "Mídia oculta", "arquivo anexado"),
        (
            "Eliminou esta mensagem.",
            "Mensagem editada",
            "Ficheiro não revelado",
            "ficheiro anexado",
        ),
        (
            "Se eliminó este mensaje.",
            "Se editó este mensaje.",
            "Multimedia omitido",
            "archivo adjunto",
        ),
        ("Ce message a été supprimé", "Ce message a été modifié", "Médias omis", "fichier joint"),
        (
            "Questo messaggio è stato eliminato",
            "Questo messaggio è stato modificato",
            "Media omessi",
            "file allegato",
        ),
        (
            "Dit bericht is verwijderd",
            "Dit bericht is bewerkt",
            "Media weggelaten",
            "bestand bijgevoegd",
        ),
        ("Данное сообщение удалено", "Сообщение изменено", "Без медиафайлов", "файл прикреплён"),
        ("Bu mesaj silindi.", "Bu mesaj düzenlendi", "Medya dahil edilmedi", "dosya ekli"),
        ("تم حذف هذه الرسالة", "تم تعديل هذه الرسالة", "تم استبعاد الوسائط", "الملف مرفق"),
        ("הודעה זו נמחקה", "ההודעה נערכה", "המדיה לא נכללה", "קובץ מצורף"),
        (
            "このメッセージは削除されました",
            "編集済み",
            "メディアは含まれていません",
            "添付ファイル",
        ),
        ("삭제된 메시지입니다.", "수정된 메시지입니다", "미디어 파일 제외됨", "첨부 파일"),
        ("此消息已删除。", "已编辑", "省略多媒体文件", "附件"),
    ],
)
def test_androids_marks_are_known_in_many_languages(
    deleted: str, edited: str, omitted: str, attached: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.txt"
    texts = [
        deleted,
        f"Milk <{edited}>",
        f"<{omitted}>",
        f"a b.pdf ({attached})\nSee this",
        f"<{omitted}>\nb.pdf",
    ]
    path.write_text("".join(f"31/01/2024 17:07 - Ana: {text}\n" for text in texts))
    _, entries, _ = read(path, whatsapp.recognise)
    gone, changed, left_out, file, named = entries
    assert (gone.is_deleted, gone.text) == (True, "")
    assert (changed.edited_at, changed.text) == (changed.sent_at, "Milk")
    assert [each.missing for each in left_out.attachments] == [LEFT_OUT]
    assert ([each.name for each in file.attachments], file.text) == (["a b.pdf"], "See this")
    assert ([each.name for each in named.attachments], named.text) == (["b.pdf"], "")
