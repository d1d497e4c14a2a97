"""What was found."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import UNSET

from parley import contract, records
from parley.present.fields import or_unset
from parley.present.messages import message


def found(
    page: records.Hits, own: Collection[tuple[str, str]] = (), *, is_everywhere: bool = False
) -> contract.SearchReply:
    """`own` as for messages; `is_everywhere`: whether it has to say where each was found."""
    return contract.SearchReply(
        results=[_hit(each, own, is_everywhere) for each in page.found],
        next_cursor=or_unset(page.next_cursor),
    )


def _hit(
    hit: records.Hit, own: Collection[tuple[str, str]], is_everywhere: bool
) -> contract.SearchResult:
    return contract.SearchResult(
        message=message(hit.message, own),
        snippet=[contract.SnippetPart(text=text, hit=is_hit) for text, is_hit in hit.snippet],
        room_id=hit.conversation.room_id if is_everywhere else UNSET,
        title=hit.conversation.title if is_everywhere else UNSET,
    )
