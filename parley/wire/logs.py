"""The libraries under us log a line, or a traceback, for whatever a client sends: we count."""

from __future__ import annotations

import logging


def silent() -> logging.Logger:
    logger = logging.getLogger("parley.wire.silent")
    logger.setLevel(logging.CRITICAL + 1)
    logger.propagate = False
    return logger
