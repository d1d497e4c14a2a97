"""Starting and stopping: the app on its sockets, and what is said of it on the terminal."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace

from parley import logs
from parley.app import create_app
from parley.config import EVERYBODY, Config
from parley.errors import (
    AddressUnusable,
    CertificateRefused,
    OutputUnusable,
    SettingInvalid,
    TooFewFilesAllowed,
)
from parley.greeting import greet, warn_of_unknown
from parley.loop import run
from parley.systemd import ServiceManager
from parley.terminal import say
from parley.wire import listening, serving, signals
from parley.wire.certificate import Certificate, CertificateUnusable
from parley.workers.worker import Worker

GC_THRESHOLDS = (20_000, 50, 50)
"""Objects made more than freed before Python looks for cycles; then, how often the older."""
SWITCH_S = 0.001
"""How long a thread that reads from the database may keep the event loop waiting: Python's own five
milliseconds are longer than what the loop does in most of its turns."""


def serve(config: Config, worker: Worker | None = None) -> None:
    """Serve until a signal, or as one of several workers until it is told to stop.

    Raises `StartupError`s.
    """
    run(_serve(config, worker))


def migrate(config: Config) -> None:
    """Upgrade the database. Raises `StartupError`s."""
    run(_migrate(config))


async def _serve(config: Config, worker: Worker | None) -> None:
    logs.log_to(sys.stderr, config.log_level, worker=None if worker is None else worker.number)
    manager = ServiceManager.asking(os.environ)
    if worker is None:
        warn_of_unknown(os.environ)
    if config.proxy_protocol and not config.trusted_proxies:
        raise SettingInvalid(
            "--proxy-protocol is on, but no proxy is trusted: give the addresses that proxies "
            "connect from with --trusted-proxies."
        )
    room = _room(config)
    certificate = _certificate(config)
    app = create_app(config, worker="0" if worker is None else str(worker.number))

    async def drain() -> None:
        manager.stopping()
        await app.drain(has_successor=worker is not None)

    await app.open()
    try:
        metrics_at = ""
        if app.metrics is not None:
            metrics_at = await app.metrics.open(is_shared=worker is not None) or ""
        said = [app.files.caution, f"Metrics are shown at {metrics_at}" if metrics_at else ""]
        # Before anybody is told that it is up: who is told may stop it at once.
        if worker is not None:
            sockets: list[socket.socket] = []
            stop = worker.stop_when_told()
        else:
            sockets = _listen(config)
            stop = signals.stop_on_signals(_reloading(certificate, manager))
            greet(config, sockets, *said)
        _collect_seldom()
        sys.setswitchinterval(SWITCH_S)
        async with manager.watching():
            await serving.serve(
                app,
                sockets,
                stop=stop,
                drain=drain,
                max_connections=room,
                certificate=certificate,
                handed=worker,
                when_up=manager.ready if worker is None else lambda: worker.ready(*said),
            )
    finally:
        await app.close()
    if worker is None:
        with contextlib.suppress(OutputUnusable):  # a terminal that closed is why it stops
            say("Parley has stopped.")


def _room(config: Config) -> int:
    """How many connections this process has room for. Raises `TooFewFilesAllowed`."""
    try:
        return listening.room_for(-(-config.max_connections // config.workers))
    except listening.TooFewFiles as error:
        raise TooFewFilesAllowed(str(error)) from error


def _listen(config: Config) -> list[socket.socket]:
    """Raises `AddressUnusable`."""
    try:
        return listening.listen(config.host, config.port)
    except listening.CannotListen as error:
        raise AddressUnusable(str(error)) from error


def _reloading(
    certificate: Certificate | None, manager: ServiceManager
) -> Callable[[], None] | None:
    """What to do on SIGHUP, which is a terminal's goodbye where neither there is anything to reload
    nor a service manager to have sent it.
    """
    if certificate is None and not manager.is_there:
        return None

    def reload() -> None:
        manager.reloading()
        if certificate is not None:
            certificate.reload()
        manager.ready()

    return reload


def _certificate(config: Config) -> Certificate | None:
    """What TLS is spoken with, if it is. Raises `SettingInvalid`, `CertificateRefused`."""
    if config.tls_certificate is None and config.tls_key is None:
        return None
    if config.tls_certificate is None or config.tls_key is None:
        given, missing = "--tls-certificate", "--tls-key"
        if config.tls_certificate is None:
            given, missing = missing, given
        raise SettingInvalid(
            f"{given} is given without {missing}: HTTPS needs both. They may name one file."
        )
    try:
        return Certificate(config.tls_certificate, config.tls_key)
    except CertificateUnusable as error:
        raise CertificateRefused(str(error)) from error


def _collect_seldom() -> None:
    """Have Python look for cycles less often.

    What a message needs is freed by itself; to look through it again and again was a
    tenth of the work. And what was made up to here stays: it need not be looked through.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


async def _migrate(config: Config) -> None:
    logs.log_to(sys.stderr, config.log_level)
    # No file is touched, no mail is sent, and nobody signs in.
    bare = replace(
        config,
        files_url="",
        smtp_url="",
        smtp_password_file=None,
        mail_from="",
        oidc_providers=None,
        who_may_start=EVERYBODY,
    )
    app = create_app(bare)
    await app.open()
    await app.close()
    say(f"The database in {config.data} is up to date.")
