"""`make cluster`: two Parleys as one, on PostgreSQL and Redis behind a proxy, for a person to try.

Everything is started here, in a folder of its own that is removed at the end, and from what the
system's packages bring. The proxy reads its file of `deploy/`, with what that says of a host and a
certificate taken out, and goes to both Parleys by turns, so that two tabs are at two of them.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

HOME = Path(__file__).parent.parent
DEPLOY = HOME / "deploy"
PATHS = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
POSTGRESQL = (
    "/usr/lib/postgresql/*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
)
START_WITHIN_S = 120.0
STOP_WITHIN_S = 15.0
LOOK_EVERY_S = 0.1
FIRST, SECOND = "127.0.0.1:8081", "127.0.0.1:8082"
"""The two Parleys in the files of `deploy/`."""


class CannotStart(Exception):
    """Why, and what to do."""


@dataclass(frozen=True, slots=True)
class Proxy:
    program: str
    file: str
    changes: tuple[tuple[str, str], ...]
    """Patterns of what a host has that this machine has not, and what stands there instead."""
    whole: str
    """What the file is put in."""
    run: tuple[str, ...]


PROXIES = (
    Proxy(
        "haproxy",
        "haproxy/parley-several.cfg",
        (
            (r"bind :443.*", "bind 127.0.0.1:{port}"),
            (r"X-Forwarded-Proto https", "X-Forwarded-Proto http"),
            (r"balance leastconn\n  stick-table.*\n  stick on src", "balance roundrobin"),
        ),
        "{text}",
        ("-db", "-f", "{path}"),
    ),
    Proxy(
        "nginx",
        "nginx/parley-several.conf",
        (
            (r"listen 443.*;", "listen 127.0.0.1:{port};"),
            (r"  ssl_certificate.*\n", ""),
            (r"server_name .*;", "server_name localhost;"),
            (r"  hash .*;\n", ""),
        ),
        "daemon off; master_process off; pid {folder}/pid; error_log stderr warn;\nevents {{}}\n"
        "http {{\nclient_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
        "fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        "{text}\n}}\n",
        ("-p", "{folder}", "-e", "stderr", "-c", "{path}"),
    ),
    Proxy(
        "caddy",
        "caddy/Caddyfile-several",
        ((r"^talk\.example\.org \{", "http://localhost:{port} {{"), (r"ip_hash", "round_robin")),
        "{{\n  admin off\n}}\n{text}",
        ("run", "--adapter", "caddyfile", "--config", "{path}"),
    ),
)


class Children:
    """The processes, in the order in which they were started; they end in the other one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[str, subprocess.Popen[bytes], signal.Signals]] = []

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        as_postgres: bool = False,
        stops_by: signal.Signals = signal.SIGTERM,
    ) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(  # our own command lines
                [*_under_us(as_postgres=as_postgres), *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder), "PYTHONPATH": str(HOME)},
                start_new_session=True,  # Ctrl-C is for us
            )
        self._running.append((name, process, stops_by))

    def until(self, name: str, is_ready: Callable[[], bool]) -> None:
        """Raises `CannotStart`."""
        until_s = time.monotonic() + START_WITHIN_S
        while not is_ready():
            self.look()
            if time.monotonic() > until_s:
                raise CannotStart(f"{name} did not start in time.\n{self._log(name)}")
            time.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Raises `CannotStart` where one has ended."""
        for name, process, _ in self._running:
            if process.poll() is not None:
                raise CannotStart(f"{name} has ended.\n{self._log(name)}")

    def end(self) -> None:
        for name, process, stops_by in reversed(self._running):
            process.send_signal(stops_by)
            try:
                process.wait(STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                print(f"{name} did not stop in time, and was ended.", file=sys.stderr)
                process.kill()
                process.wait()

    def _log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")[-2_000:]


def _under_us(*, as_postgres: bool) -> list[str]:
    """What has a process end with us, also where we are killed; PostgreSQL refuses to be root."""
    if shutil.which("setpriv") is None:
        return []
    become = ["--reuid=postgres", "--regid=postgres", "--clear-groups"]
    return ["setpriv", "--pdeathsig=TERM", *(become if as_postgres and _is_root() else [])]


def _is_root() -> bool:
    return os.geteuid() == 0


def postgresql(children: Children) -> str:
    """Its URL."""
    programs = [path for each in POSTGRESQL for path in sorted(Path("/").glob(each[1:]))]
    if (found := shutil.which("initdb")) is not None:
        programs.append(Path(found).resolve().parent)
    programs = [path for path in programs if (path / "postgres").exists()]
    if not programs:
        raise CannotStart("There is no PostgreSQL. Debian: apt-get install postgresql")
    own = children.folder / "postgresql"
    own.mkdir(mode=0o700)
    if _is_root():
        shutil.chown(own, "postgres", "postgres")
    data = str(own / "data")
    made = subprocess.run(  # our own command line
        [*_under_us(as_postgres=True), str(programs[-1] / "initdb"), "-D", data, "-U", "parley",
         "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd="/",
        check=False,
    )  # fmt: skip
    if made.returncode:
        raise CannotStart(f"initdb failed.\n{made.stderr.decode(errors='replace')}")
    settings = ("listen_addresses=", f"unix_socket_directories={own}", "max_connections=50")
    flags = [part for each in settings for part in ("-c", each)]
    program = [str(programs[-1] / "postgres"), "-D", data, *flags]
    # By SIGINT it ends its connections and stops in order.
    children.start("postgresql", program, as_postgres=True, stops_by=signal.SIGINT)
    ready = [str(programs[-1] / "pg_isready"), "-q", "-h", str(own)]
    children.until("postgresql", lambda: subprocess.run(ready, check=False).returncode == 0)
    return f"postgresql://parley@/postgres?host={own}"


def redis(children: Children) -> str:
    """The URL of a Redis or Valkey."""
    program = shutil.which("valkey-server", path=PATHS) or shutil.which("redis-server", path=PATHS)
    if program is None:
        raise CannotStart("There is no Redis and no Valkey. Debian: apt-get install redis-server")
    port = free_port()
    flags = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
    children.start("redis", [program, *flags, "--dir", str(children.folder)])
    children.until("redis", lambda: _listens(port))
    return f"redis://127.0.0.1:{port}"


def parleys(children: Children, flags: Sequence[str]) -> list[int]:
    """Their ports."""
    ports = [free_port(), free_port()]
    for number, port in enumerate(ports, start=1):
        name = f"parley-{number}"
        serve = [sys.executable, "-P", "-m", "parley", "serve", "--host", "127.0.0.1"]
        data = str(children.folder / "data")
        children.start(name, [*serve, "--port", str(port), "--data", data, *flags])
        children.until(name, lambda port=port: _is_ready(port))  # type: ignore[misc]
    return ports


def proxied(children: Children, wanted: str | None, port: int, ports: Sequence[int]) -> str:
    """The program of the proxy."""
    for each in PROXIES:
        program = shutil.which(each.program, path=PATHS)
        if program is None or wanted not in (None, each.program):
            continue
        own = children.folder / each.program
        own.mkdir()
        text = (DEPLOY / each.file).read_text(encoding="utf-8")
        for pattern, new in each.changes:
            text, count = re.subn(pattern, new.format(port=port), text, flags=re.MULTILINE)
            if not count:
                raise CannotStart(f"deploy/{each.file} has nothing like {pattern} any more.")
        for address, upstream in zip((FIRST, SECOND), ports, strict=True):
            text = text.replace(address, f"127.0.0.1:{upstream}")
        path = own / "configuration"
        path.write_text(each.whole.format(text=text, folder=own), encoding="utf-8")
        run = [part.format(path=path, folder=own) for part in each.run]
        children.start(each.program, [program, *run])
        children.until(each.program, lambda: _is_ready(port))
        return each.program
    names = ", ".join(each.program for each in PROXIES)
    raise CannotStart(f"There is no {wanted or 'proxy'}. Debian: apt-get install one of {names}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _is_ready(port: int) -> bool:
    """Whether a Parley answers there that takes people."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/api/ready", headers={"Host": "localhost"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextlib.contextmanager
def everything() -> Iterator[Children]:
    with tempfile.TemporaryDirectory(prefix="parley-try-") as made:
        folder = Path(made)
        folder.chmod(0o755)  # PostgreSQL's own user has to get in
        children = Children(folder)
        try:
            yield children
        finally:
            # Whoever presses Ctrl-C again is not to leave half of it running.
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(name, signal.SIG_IGN)
            children.end()


def _stop(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(number)


def main() -> None:
    parser = argparse.ArgumentParser(description="Two Parleys as one, for a person to try.")
    parser.add_argument("--proxy", choices=[each.program for each in PROXIES])
    parser.add_argument("--port", type=int, help="of the proxy; a free one if left out")
    asked = parser.parse_args()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, _stop)
    try:
        with everything() as children:
            port = asked.port or free_port()
            if _listens(port):
                raise CannotStart(f"Something else listens on port {port}. Give another --port.")
            url = f"http://localhost:{port}"
            print("Starting PostgreSQL, Redis, two Parleys and a proxy …", flush=True)
            engines = ("--database-url", postgresql(children), "--redis-url", redis(children))
            flags = (*engines, "--public-url", url, "--trusted-proxies", "127.0.0.1")
            ports = parleys(children, flags)
            proxy = proxied(children, asked.proxy, port, ports)
            print(f"Parley is at {url}")
            print(f"{proxy} goes by turns to the Parleys on the ports {ports[0]} and {ports[1]}.")
            print(f"Their logs are in {children.folder}. Ctrl-C ends everything.", flush=True)
            while True:
                children.look()
                time.sleep(LOOK_EVERY_S)
    except CannotStart as error:
        sys.exit(f"make cluster: {error}")
    except KeyboardInterrupt:
        print("\nEverything has ended.")


if __name__ == "__main__":
    main()
