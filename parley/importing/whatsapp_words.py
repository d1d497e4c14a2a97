# ruff: noqa: RUF001  # letters of other scripts, meant
"""What WhatsApp writes in place of a message, in the languages of its phones.

Where the form alone tells what is meant, no word is asked for: there are over fifty languages.
"""

from __future__ import annotations

import re

_DELETED = """
this message was deleted|you deleted this message|you deleted this message as admin
diese nachricht wurde gelöscht|du hast diese nachricht gelöscht
mensagem apagada|você apagou esta mensagem|esta mensagem foi apagada|essa mensagem foi apagada
mensagem eliminada|eliminou esta mensagem|esta mensagem foi eliminada|apagou esta mensagem
se eliminó este mensaje|eliminaste este mensaje|este mensaje fue eliminado
este mensaje se eliminó|has eliminado este mensaje
ce message a été supprimé|vous avez supprimé ce message
questo messaggio è stato eliminato|hai eliminato questo messaggio
dit bericht is verwijderd|dit bericht werd verwijderd
je hebt dit bericht verwijderd|u hebt dit bericht verwijderd
это сообщение было удалено|данное сообщение удалено|сообщение удалено
вы удалили это сообщение|вы удалили данное сообщение
bu mesaj silindi|bu mesajı sildiniz
تم حذف هذه الرسالة|حذفت هذه الرسالة|لقد حذفت هذه الرسالة|أنت حذفت هذه الرسالة
הודעה זו נמחקה|מחקת הודעה זו|ההודעה נמחקה|ההודעה הזו נמחקה
این پیام حذف شده است|این پیام حذف شد|شما این پیام را حذف کردید|این پیام پاک شده است
このメッセージは削除されました|このメッセージを削除しました|メッセージを削除しました
삭제된 메시지입니다|이 메시지는 삭제되었습니다|이 메시지를 삭제했습니다
회원님이 삭제한 메시지입니다|나에 의해 삭제된 메시지입니다
此消息已删除|您已删除此消息|你已删除此消息|您删除了此消息|你删除了此消息|这条消息已删除
此訊息已刪除|您已刪除此訊息|你已刪除此訊息|您刪除了此訊息|你刪除了此訊息|這則訊息已刪除
ta wiadomość została usunięta|wiadomość została usunięta|usunięto tę wiadomość
det här meddelandet togs bort|det här meddelandet har raderats|du tog bort det här meddelandet
denne besked blev slettet|du slettede denne besked
denne meldingen ble slettet|du slettet denne meldingen
tämä viesti poistettiin|poistit tämän viestin
tato zpráva byla odstraněna|tato zpráva byla smazána|odstranili jste tuto zprávu
pesan ini telah dihapus|pesan ini dihapus|anda menghapus pesan ini|anda telah menghapus pesan ini
це повідомлення видалено|ви видалили це повідомлення
acest mesaj a fost șters|ați șters acest mesaj|ai șters acest mesaj
यह मैसेज हटा दिया गया है|आपने यह मैसेज हटा दिया है
यह संदेश हटा दिया गया था|आपने यह संदेश हटा दिया
"""
_EDITED = """
this message was edited|diese nachricht wurde bearbeitet|mensagem editada
esta mensagem foi editada|se editó este mensaje|este mensaje fue editado|mensaje editado
ce message a été modifié|questo messaggio è stato modificato|dit bericht is bewerkt
это сообщение было изменено|данное сообщение изменено|сообщение изменено|изменено
это сообщение было отредактировано|bu mesaj düzenlendi|تم تعديل هذه الرسالة|تم تحرير هذه الرسالة
הודעה זו נערכה|ההודעה נערכה|ההודעה הזו נערכה|این پیام ویرایش شد|این پیام ویرایش شده است
このメッセージは編集されました|編集済み|이 메시지는 수정되었습니다|수정된 메시지입니다
이 메시지는 편집되었습니다|편집된 메시지입니다|此消息已编辑|此消息已修改|已编辑|此訊息已編輯|已編輯
ta wiadomość została zedytowana|wiadomość edytowana|det här meddelandet redigerades
det här meddelandet har redigerats|denne besked blev redigeret|denne meldingen ble redigert
tätä viestiä muokattiin|tato zpráva byla upravena|pesan ini diedit|pesan ini telah diedit
це повідомлення змінено|це повідомлення відредаговано|acest mesaj a fost editat
"""
_CALLS = """
voice call|video call|missed voice call|missed video call|missed group voice call
missed group video call|sprachanruf|videoanruf|verpasster sprachanruf|verpasster videoanruf
llamada de voz|videollamada|llamada perdida|videollamada perdida|llamada de voz perdida
ligação de voz|ligação de vídeo|ligação perdida|ligação de voz perdida|ligação de vídeo perdida
chamada de voz|chamada de vídeo|chamada de voz perdida|chamada de vídeo perdida
appel vocal|appel vidéo|appel vocal manqué|appel vidéo manqué
chiamata vocale|videochiamata|chiamata persa|chiamata vocale persa|videochiamata persa
spraakoproep|video-oproep|gemiste spraakoproep|gemiste video-oproep|gemist videogesprek
аудиозвонок|видеозвонок|пропущенный аудиозвонок|пропущенный видеозвонок|пропущенный звонок
sesli arama|görüntülü arama|cevapsız sesli arama|cevapsız görüntülü arama
مكالمة صوتية|مكالمة فيديو|مكالمة صوتية فائتة|مكالمة فيديو فائتة
שיחה קולית|שיחת וידאו|שיחה קולית שלא נענתה|שיחת וידאו שלא נענתה
تماس صوتی|تماس تصویری|تماس تصویری بی‌پاسخ|تماس صوتی بی‌پاسخ
音声通話|ビデオ通話|不在着信|音声通話不在着信|ビデオ通話不在着信
음성통화|영상통화|부재중 음성통화|부재중 영상통화
语音通话|视频通话|未接语音通话|未接视频通话|語音通話|視訊通話|未接語音通話|未接視訊通話|未接視像通話
"""


def _phrases(table: str) -> frozenset[str]:
    return frozenset(table.strip().replace("\n", "|").split("|"))


DELETED = _phrases(_DELETED)
"""Of whole messages: small, without a full stop."""
EDITED = _phrases(_EDITED)
"""As they stand between angle brackets after a message: small, without a full stop."""
CALLS = _phrases(_CALLS)
DELETED_BY_ADMIN = re.compile(
    "this message was deleted by admin |diese nachricht wurde von admin |"
    "mensagem apagada pel[oa] admin|este mensaje fue eliminado por (?:el|la) admin|"
    "ce message a été supprimé par l.admin|questo messaggio è stato eliminato dall.admin"
)
LEFT_OUT = re.compile(
    "omitted|weggelassen|ausgeschlossen|ausgelassen|omitid[oa]|ocult[oa]|ocultad[oa]|não revelad|"
    "\\bomise?s?\\b|absente?|manquant|retiré|omess[oiae]|esclus[oa]|non inclus|weggelaten|"
    "отсутству|пропущен|не добавлен|без медиа|dahil edilmedi|atlan|çıkarıldı|لم يتم إدراج|استبعاد|"
    "تم حذف (?:الوسائط|الملصقات|الصورة|الفيديو)|הושמט|לא נכלל|حذف شد|含まれていません|"
    "省略|メディアなし|생략|제외|忽略|已略去|pomini|utelämn|utesl|utelatt|uten vedlegg|udeladt|"
    "jätett|ei sisällyt|vynech|tidak disertakan|відсутн|kihagy|hiányzó|omisă|εξαίρεση|παραλ|"
    "के बिना|छोड़ा गया"
)
"""In what stands in place of a file that was left out."""
ATTACHED = re.compile(
    "attach|angehängt|anhang|anexad|anexo|adjunt|joint|allegat|bijgevoegd|прикрепл|вложен|ekle|ekli|"
    "dosya|مرفق|إرفاق|מצורף|צורף|پیوست|添付|첨부|附件|附加|bifoga|vedhæft|vedlagt|liite|liitetty|"
    "załącz|přiložen|příloh|terlampir|dilampir|прикріпл|atașat|csatol|συνημμέν|संलग्न|अटैच"
)
VIEWED_ONCE = re.compile(
    "view once|einmal|visualização única|una sola vez|vue unique|visualizza una|eenmalig|"
    "однократн|tek seferlik|一次|1回|한 번"
)
_KINDS = {
    "GIF": "gif",
    "sticker": "sticker|наклей|стикер|çıkartma|貼圖|贴图|スタンプ|스티커|figurin|ملصق|סטיקר|استیکر",
    "video": "v[ií]d[eé]o|видео|відео|וידאו|فيديو|ویدیو|ビデオ|動画|비디오|동영상|影片|视频|視訊",
    "voice message": "voice message|sprachnachricht|mensaje de voz|mensagem de voz",
    "audio": "audio|áudio|аудио|аудіо|\\bses\\b|صوت|صدا|קול|音声|오디오|音频|音訊|ljud|lyd",
    "document": "do[ck]ument|документ|belge|مستند|سند|מסמך|ドキュメント|문서|文档|文件",
    "contact card": "conta[ct]t|kontakt|контакт|kişi|جهة اتصال|مخاطب|איש קשר|連絡先|연락처|联系人|"
    "聯絡人|visitekaartje",
    "image": "image|bild\\b|imagen|imagem|immagine|afbeelding|изображ|зображ|görüntü|صورة|تصویر|"
    "תמונ|画像|이미지|图|圖|照片|photo|foto|obraz",
}
KINDS = tuple((kind, re.compile(stems)) for kind, stems in _KINDS.items())
"""Of files, by what stands in their place."""


def kind_of(words: str) -> str:
    """As it stands in place of a file: its kind, for people."""
    small = words.casefold()
    return next((kind for kind, stem in KINDS if stem.search(small)), "media")


def plain(text: str) -> str:
    """Small, without what stands around it, to be looked up here."""
    return text.strip(" \u00a0\u200e\u200f<>").rstrip(".。").casefold()
