"""Which numbers there are: their names, kinds and meanings, and what one process says of itself."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from parley.metrics.tallies import Tally


class Kind(StrEnum):
    GAUGE = "gauge"
    """What is so now."""
    COUNTER = "counter"
    """What happened since the start; its name gets `_total`."""
    HISTOGRAM = "histogram"
    """How long it took, in seconds."""


class Family(Struct, frozen=True):
    """One number, or one for each value of a label."""

    name: str
    kind: Kind
    help: str
    label: str = ""


G, C, H = Kind.GAUGE, Kind.COUNTER, Kind.HISTOGRAM

FAMILIES = (
    Family("parley_info", G, "Always 1; the label says which version runs.", "version"),
    Family("parley_ready", G, "1 while the server takes work, 0 as it starts or stops."),
    Family(
        "parley_connections",
        G,
        "Open connections by Socket.IO, and streams of events.",
        "transport",
    ),
    Family("parley_rooms", G, "Conversations with an open socket in them."),
    Family("parley_people", G, "People who have an open socket, once for each conversation."),
    Family("parley_call_devices", G, "Devices in calls."),
    Family("parley_conversations", G, "Conversations that are stored.", "state"),
    Family("parley_messages_stored", C, "Messages stored."),
    Family("parley_joins", C, "Times somebody joined a conversation or came back to it."),
    Family("parley_deliveries", C, "Events handed to clients, once for each client."),
    Family(
        "parley_malformed_packets",
        C,
        "Packets that were dropped because nothing could be made of them.",
    ),
    Family(
        "parley_requests",
        C,
        "HTTP requests for pages and REST, by the class of their status.",
        "status",
    ),
    Family("parley_refusals", C, "Times a rate limit refused somebody.", "limit"),
    Family("parley_commit_seconds", H, "How long a transaction of the writer took."),
    Family("parley_commit_failures", C, "Transactions that could not be stored."),
    Family("parley_writes", C, "Pieces of work stored; a transaction holds all that waits."),
    Family("parley_write_queue", G, "Pieces of work that wait for the writer."),
    Family("parley_event_loop_lag_seconds", H, "How late the event loop was for what was due."),
    Family("parley_database_problem", G, "1 while nothing can be stored, else 0."),
    Family("parley_database_bytes", G, "Size of the database and of its write-ahead log.", "file"),
    Family("parley_files", G, "Files that are kept, uploads on their way included."),
    Family("parley_files_bytes", G, "How much they take up."),
    Family("parley_files_quota_bytes", G, "How much they may take up, by --files-in-all."),
    Family("parley_push_queue", G, "Notifications that are due, counted up to 10,000."),
    Family("parley_push_in_flight", G, "Notifications being handed to push services."),
    Family(
        "parley_mail_queue",
        G,
        "E-mail addresses still to be asked to confirm, counted up to 10,000.",
    ),
    Family("parley_search_backlog", G, "Conversations that wait to be indexed for the search."),
    Family(
        "parley_search_waiting_messages",
        G,
        "Messages said since their conversation was last indexed.",
    ),
)
BY_NAME = {family.name: family for family in FAMILIES}


class Measured(Struct):
    """What one process says of itself."""

    process: str
    """Its number among the workers of its machine."""
    numbers: dict[str, dict[str, float]] = {}
    """By family, then by the value of its label: empty where it has none."""
    tallies: dict[str, Tally] = {}
    of_process: dict[str, float] = {}
    """What the system says of it, by Prometheus's own names."""
