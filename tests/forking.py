"""`parley` in processes of its own, forked from one that has loaded it: loading is most of a start.

    worker ── request, with pipes ──▶ the loaded one ── fork ──▶ a keeper ── fork ──▶ parley
       ◀──────────── its process id, and once it has ended its exit code ────────────┘

What begins with a start of Python is tested in tests/test_cli.py.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import json
import os
import resource
import select
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests import lean

DOCTOR = "doctor"
"""The command that loads more than a server."""
TALKING = frozenset({"say", "tail", "upload"})
"""The commands by which people take part."""
PIPES_MAX = 4
OPENER = "READS_IMPORTS_WITH"
"""A variable of the environment."""
ENDED_BADLY = 70
"""The exit code where even telling of an exception failed."""


class Forked:
    """A running `parley`: what `subprocess.Popen` has of it that is used here."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        stderr: IO[Any] | None = None,
        stdin: int | None = None,
    ) -> None:
        """Its `stderr` is a pipe, unless it is to write into a file. It reads from `stdin`, a file
        descriptor, if anything.
        """
        self._said, stdout = os.pipe()
        self._complained, errors = os.pipe() if stderr is None else (-1, os.dup(stderr.fileno()))
        self._status, status = os.pipe()
        try:
            request = json.dumps({"arguments": list(arguments), "env": dict(env)}).encode()
            given = [] if stdin is None else [stdin]
            socket.send_fds(_loaded(), [request], [stdout, errors, status, *given])
        finally:
            for end in (stdout, errors, status):
                os.close(end)
        self.stdout = open(self._said, "rb", buffering=0)  # noqa: SIM115
        self.stderr = None if stderr else open(self._complained, "rb", buffering=0)  # noqa: SIM115
        self.pid = _number(self._status)
        self.returncode: int | None = None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, the number of the signal below zero. Raises `TimeoutExpired`."""
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("parley", timeout or 0.0)
            self.returncode = os.waitstatus_to_exitcode(_number(self._status))
            os.close(self._status)
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """All that it says until it has ended. Raises `TimeoutExpired`."""
        until = None if timeout is None else time.monotonic() + timeout
        heard: dict[IO[bytes], bytearray] = {}
        with selectors.DefaultSelector() as selector:
            for pipe in filter(None, (self.stdout, self.stderr)):
                heard[pipe] = bytearray()
                selector.register(pipe, selectors.EVENT_READ)
            while selector.get_map():
                left = None if until is None else until - time.monotonic()
                ready = selector.select(left)
                if not ready:
                    raise subprocess.TimeoutExpired("parley", timeout or 0.0)
                for key, _ in ready:
                    pipe = key.fileobj  # type: ignore[assignment]
                    if piece := os.read(key.fd, 65_536):
                        heard[pipe] += piece
                    else:
                        selector.unregister(pipe)
                        pipe.close()
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        errors = b"" if self.stderr is None else bytes(heard[self.stderr])
        return bytes(heard[self.stdout]), errors


def _number(pipe: int) -> int:
    """The next line: of one that ends at once, its id and how it ended may come together."""
    line = bytearray()
    while (piece := os.read(pipe, 1)) != b"\n":
        if not piece:
            raise EOFError("the process that forks parley has ended")
        line += piece
    return int(line)


def run(
    *arguments: str, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """`parley` to its end, as `subprocess.run` would have it. Raises `TimeoutExpired`."""
    forked = Forked(arguments, env=env)
    said, complained = forked.communicate(timeout)
    return subprocess.CompletedProcess(
        ["parley", *arguments],
        forked.wait(),
        said.decode(errors="surrogateescape"),
        complained.decode(),
    )


@functools.cache
def _loaded() -> socket.socket:
    """The way to the one that has loaded it, for as long as this process needs it."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if run is None or not hasattr(os, "pidfd_open"):
        return _start_ones_own()
    address = f"\0parley-{run}-{os.getppid()}"
    while True:
        way = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            way.bind(address)  # whoever comes first
        except OSError:
            with contextlib.suppress(ConnectionRefusedError):  # it does not listen yet
                way.connect(address)
                return way
            way.close()
        else:
            way.listen()
            _start(way, for_all_of=os.getppid())
            way.close()


def _start_ones_own() -> socket.socket:
    """One that ends with this process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = _start(theirs)
    theirs.close()

    @atexit.register
    def end() -> None:
        ours.close()
        os.waitpid(pid, 0)

    return ours


def _start(way: socket.socket, *, for_all_of: int = 0) -> int:
    """Its process id. It ends with a process whose id is given, and serves all of its children."""
    way.set_inheritable(True)
    command = [sys.executable, str(Path(__file__).resolve()), str(way.fileno()), str(for_all_of)]
    return os.posix_spawn(sys.executable, command, os.environ, setsid=True)


# --- in the process that has loaded it ---


def main() -> None:
    way, for_all_of = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    lean.leave_out(*lean.ONLY_FOR_TESTS, lean.EXTRA)
    from parley import cli, starting  # noqa: F401
    from tests import made_once

    with contextlib.suppress(ImportError):
        import uvloop  # noqa: F401

    made_once.keep()
    made_once.make()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks what became of a keeper
    # `nohup` would have it ignored, and `&` of a script the others.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for request, pipes in _requests_of_all(way, for_all_of) if for_all_of else _requests_of(way):
        asked = json.loads(request)
        if DOCTOR in asked["arguments"]:
            _load_the_doctor()
        if TALKING.intersection(asked["arguments"][:1]):
            _load_what_talks()
        if os.fork() == 0:
            _close_all_but(pipes)
            _keep(asked, *pipes)
        for pipe in pipes:
            os.close(pipe)


def _requests_of(way: socket.socket) -> Iterator[tuple[bytes, list[int]]]:
    """Each with its pipes, until whoever asks has ended."""
    while True:
        request, pipes, _, _ = socket.recv_fds(way, 1 << 20, PIPES_MAX)
        if not request:
            return
        yield request, pipes


def _requests_of_all(listening: socket.socket, parent: int) -> Iterator[tuple[bytes, list[int]]]:
    """Of whoever connects, until their parent has ended."""
    with selectors.DefaultSelector() as selector:
        selector.register(os.pidfd_open(parent), selectors.EVENT_READ)
        selector.register(listening, selectors.EVENT_READ, listening)
        while True:
            for key, _ in selector.select():
                if key.data is None:
                    return
                if key.data is listening:
                    way, _ = listening.accept()
                    selector.register(way, selectors.EVENT_READ, way)
                    continue
                request, pipes, _, _ = socket.recv_fds(key.data, 1 << 20, PIPES_MAX)
                if request:
                    yield request, pipes
                else:
                    selector.unregister(key.data)
                    key.data.close()


@functools.cache
def _load_the_doctor() -> dict[str, Any]:
    """What it loads that no server does, by name: only it shall find that."""
    names = (lean.OF_THE_DOCTOR,)
    for name in names:
        del sys.modules[name]
    import parley.doctor.telling  # noqa: F401

    loaded = {name: sys.modules[name] for name in names}
    lean.leave_out(*names)
    gc.collect()
    gc.freeze()
    return loaded


@functools.cache
def _load_what_talks() -> None:
    """What people's commands load once they know what to do."""
    for name in ("saying", "following"):
        importlib.import_module(f"parley.talking.{name}")
    gc.collect()
    gc.freeze()


def _close_all_but(pipes: list[int]) -> None:
    """What a server would not have open by itself."""
    first = 3
    for pipe in sorted(pipes):
        os.closerange(first, pipe)
        first = pipe + 1
    os.closerange(first, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def _keep(request: dict[str, Any], stdout: int, stderr: int, status: int, *stdin: int) -> None:
    """Fork a server, and tell what it ended with."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        os.close(status)
        _become(request, stdout, stderr, *stdin)
    for pipe in (stdout, stderr, *stdin):
        os.close(pipe)
    os.write(status, f"{pid}\n".encode())
    _, ended = os.waitpid(pid, 0)
    with contextlib.suppress(BrokenPipeError):  # nobody wants to know any more
        os.write(status, f"{ended}\n".encode())
    os._exit(0)


def _become(request: dict[str, Any], stdout: int, stderr: int, *stdin: int) -> None:
    """`parley`, with these arguments and in this environment."""
    code = ENDED_BADLY
    try:
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.close(stdout)
        os.close(stderr)
        for pipe in stdin:
            os.dup2(pipe, 0)
            os.close(pipe)
        # What was there may have been a file, and these are pipes.
        sys.stdin = open(0, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115
        sys.stdout = open(1, "w", errors=sys.stdout.errors, closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(request["env"])
        _read_imports_with(request["env"].get(OPENER))
        sys.argv = ["parley", *request["arguments"]]
        if any(f"{lean.EXTRA}:" in said for said in (*sys.argv, *request["env"].values())):
            sys.modules.pop(lean.EXTRA, None)
        if lean.PROVIDERS in request["arguments"]:
            sys.modules.pop(lean.OF_THE_DOCTOR, None)
        if DOCTOR in request["arguments"]:
            sys.modules.update(_load_the_doctor())
        lean.parley()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    finally:
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _read_imports_with(opener: str | None) -> None:
    """Where a test brings a reader of its own: what servers read with is no setting of theirs."""
    if opener:
        from parley.domain.importing import reading

        reading.OPENER = opener


if __name__ == "__main__":
    main()
