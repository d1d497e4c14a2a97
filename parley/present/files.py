"""Files, with the messages that name them."""

from __future__ import annotations

from parley import contract, records
from parley.present.fields import timestamp


def sent_file(sent: records.SentFile, file: contract.File) -> contract.SentFile:
    """`file` is as it is told with its message."""
    return contract.SentFile(
        file=file,
        message_id=sent.message_id,
        seq=sent.seq,
        user_id=sent.file.user_id,
        username=sent.username,
        timestamp=timestamp(sent.sent_at),
    )
