"""The same messages in Tantivy: for each line `words`, how many milliseconds the newest 20 took.

search.py DATABASE CONVERSATION < words
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time

import tantivy

COMMIT_EVERY = 50_000


def main() -> None:
    database, conversation = sys.argv[1], int(sys.argv[2])
    schema = (
        tantivy.SchemaBuilder()
        .add_text_field("text")
        .add_unsigned_field("conversation", indexed=True, fast=True)
        .add_unsigned_field("seq", stored=True, fast=True)
        .build()
    )
    with tempfile.TemporaryDirectory() as folder:
        index = tantivy.Index(schema, path=folder)
        writer = index.writer(heap_size=128_000_000, num_threads=1)
        began = time.process_time()
        rows = sqlite3.connect(database).execute("SELECT conversation_id, seq, text FROM messages")
        count = 0
        for count, (number, seq, text) in enumerate(rows, 1):
            document = tantivy.Document()
            document.add_text("text", text)
            document.add_unsigned("conversation", number)
            document.add_unsigned("seq", seq)
            writer.add_document(document)
            if count % COMMIT_EVERY == 0:
                writer.commit()
        writer.commit()
        writer.wait_merging_threads()
        print(1e6 * (time.process_time() - began) / count, flush=True)
        index.reload()
        searcher = index.searcher()
        for line in sys.stdin:
            began = time.perf_counter()
            query = index.parse_query(f'+conversation:{conversation} +text:"{line.strip()}"')
            searcher.search(query, 20, order_by_field="seq")
            print(1e3 * (time.perf_counter() - began), flush=True)


main()
