"""A browser's subscription, for tests in which nothing is pushed to it."""

from __future__ import annotations

from typing import Any

SUBSCRIPTION: dict[str, Any] = {
    "endpoint": "https://push.example.net/a-browser",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZ"
        "GH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
}
"""Of the example in RFC 8291, appendix A."""
