"""Calls: whether the STUN and TURN servers answer, and take our credentials."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from parley.doctor import stun
from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look
from parley.domain.relays import Relays, key_for, relays_of
from parley.errors import StartupError

CHECK = "calls"
ANSWERS_WITHIN_S = 6.0
LASTS = timedelta(minutes=5)
_WRONG_KEYS = (401, 441)


def look(look: Look) -> Iterator[Finding]:
    try:
        relays = relays_of(look.config)
    except StartupError:
        return  # the settings say so
    if relays is None:
        yield skip(CHECK, "There are no calls (--calls off).")
    elif not relays.stun and not relays.turn:
        yield skip(
            CHECK,
            "There is no --stun or --turn: calls connect within one network, and between few "
            "others (docs/calls.md).",
        )
    else:
        for url in relays.stun:
            yield _stun(url)
        for url in relays.turn:
            yield _turn(url, relays)


def _stun(url: str) -> Finding:
    try:
        seen = stun.seen_as(stun.Server.of(url), within_s=ANSWERS_WITHIN_S)
    except (stun.Silent, stun.Refused) as error:
        return _unreachable(url, str(error))
    return ok(CHECK, f"{url} answers; from there this machine is {seen}.")


def _turn(url: str, relays: Relays) -> Finding:
    key = key_for(relays.secret, "doctor", datetime.now(UTC) + LASTS)
    server = stun.Server.of(url)
    try:
        at = stun.relayed_at(server, key.username, key.credential, within_s=ANSWERS_WITHIN_S)
    except stun.Refused as error:
        if error.code in _WRONG_KEYS:
            return fail(
                CHECK,
                f"{url} answers, but doesn't take our credentials ({error}).",
                "Give coturn use-auth-secret and, as static-auth-secret, the secret of "
                "--turn-secret-file; and compare the clocks of both machines.",
            )
        return fail(
            CHECK,
            f"{url} answers, but relays nothing: {error}.",
            "See its log. Calls that need it don't connect.",
        )
    except stun.Silent as error:
        return _unreachable(url, str(error))
    how = server.transport.upper()
    if not at.is_global:
        return warn(
            CHECK,
            f"{url} relays over {how}, but at {at}, which nobody outside can reach.",
            "If people are to call from outside, give coturn its public address "
            "(external-ip=PUBLIC/PRIVATE).",
        )
    return ok(CHECK, f"{url} takes our credentials and relays over {how}, at {at}.")


def _unreachable(url: str, why: str) -> Finding:
    server = stun.Server.of(url)
    kind = "UDP" if server.transport == "udp" else "TCP"
    return fail(
        CHECK,
        f"{url} can't be reached: {why}.",
        f"See whether it runs, and let {kind} to port {server.port} of {server.host} through "
        "every firewall.",
    )
