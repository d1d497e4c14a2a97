"""The list of checks. Something new to look at gets a line here."""

from __future__ import annotations

from parley.doctor import (
    calls,
    certificates,
    data,
    files,
    front,
    mail,
    postgresql,
    push,
    redis,
    server,
    settings,
    sqlite,
)
from parley.doctor.looking import Check

CHECKS = (
    Check("settings", settings.look, 5.0),
    Check("data folder", data.look),
    Check("server", server.look),
    Check("database", sqlite.look, 60.0),
    Check("database", postgresql.look),
    Check("redis", redis.look),
    Check("files", files.look, 60.0),
    Check("certificate", certificates.look),
    Check("public url", front.look, 60.0),
    Check("push", push.look),
    Check("mail", mail.look, 30.0),
    Check("calls", calls.look, 60.0),
)
