"""PostgreSQL and Redis for servers to share, as they are installed, on scratch of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.servers import Missing

START_WITHIN_S = 60.0
PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin")
SETTINGS = "listen_addresses = ''\nmax_connections = 100\nunix_socket_directories = '{folder}'\n"
"""All else is as it comes: what is committed is on disk."""
NAME = "parley"


@contextlib.contextmanager
def postgresql(more: str = "") -> Iterator[tuple[str, int]]:
    """The URL of an empty database, and the process that all others of its server come from; with
    more lines of configuration.

    Raises `Missing`.
    """
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="bench-postgresql-") as made:
        folder = Path(made)
        become: list[str] = []
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            become = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
        data = str(folder / "data")

        def run(program: str, *arguments: str) -> None:
            ran = subprocess.run(  # our own command lines
                [*become, str(programs / program), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                cwd="/",
                check=False,
            )
            if ran.returncode:
                raise Missing(f"{program} failed: {ran.stdout.decode().strip()[-200:]}")

        run("initdb", "-D", data, "-U", NAME, "-A", "trust", "--locale=C", "-E", "UTF8")
        with (folder / "data" / "postgresql.conf").open("a") as file:
            file.write(SETTINGS.format(folder=folder) + more)
        run("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-t", "60", "start")
        try:
            run("createdb", "-h", made, "-U", NAME, NAME)
            pid = int((folder / "data" / "postmaster.pid").read_text().splitlines()[0])
            yield f"postgresql://{NAME}@/{NAME}?host={made}", pid
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


@contextlib.contextmanager
def redis() -> Iterator[tuple[str, int]]:
    """The URL of an empty Redis or Valkey, and its process. Raises `Missing`."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise Missing("Neither redis-server nor valkey-server was found.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    with tempfile.TemporaryDirectory(prefix="bench-redis-") as folder:
        flags = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        server = subprocess.Popen(  # our own command line
            [program, *flags],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _until_listening(int(port))
            yield f"redis://127.0.0.1:{port}/0", server.pid
        finally:
            server.kill()
            server.wait()


def _programs() -> Path:
    """The folder with initdb and its like."""
    found = [path for each in PLACES for path in sorted(Path("/").glob(each[1:]))]
    if (there := shutil.which("initdb")) is not None:
        found.append(Path(there).resolve().parent)
    for place in reversed(found):
        if (place / "initdb").exists():
            return place
    raise Missing("PostgreSQL was not found.")


def _until_listening(port: int) -> None:
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise Missing("Redis did not start.")
