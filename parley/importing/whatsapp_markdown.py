"""WhatsApp's own marks in a text, as Parley's."""


def converted(text: str) -> str:
    return text
