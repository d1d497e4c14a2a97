"""The machine: which core is whose, and what a process has used of it. Linux only."""

from __future__ import annotations

import contextlib
import os
import platform
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
FILES_WANTED = 65_536


@dataclass(frozen=True)
class Cores:
    """The server has one for itself; the load has the other."""

    server: int
    load: int

    @classmethod
    def of_this_process(cls) -> Cores:
        usable = sorted(os.sched_getaffinity(0))
        return cls(server=usable[0], load=usable[-1])

    @property
    def are_shared(self) -> bool:
        return self.server == self.load


@contextlib.contextmanager
def pinned(core: int) -> Iterator[None]:
    """This process, and all it starts meanwhile for as long as they live, on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """As many open sockets as the system lets us have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_WANTED if most == resource.RLIM_INFINITY else min(FILES_WANTED, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def cpu_s(pid: int) -> float:
    """Seconds of CPU, user and system, of all threads of a process (proc(5), stat)."""
    # The name in parentheses may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def all_cpu_s() -> float:
    """Seconds of CPU of everything on the machine, all cores (proc(5), stat)."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = (
        int(field) for field in Path("/proc/stat").read_text().split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / TICKS_A_SECOND


def memory_bytes(pid: int) -> int:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def peak_memory_bytes(pid: int) -> int:
    """The most resident memory a process ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return memory_bytes(pid)


@dataclass(frozen=True)
class Descriptor:
    """An open socket of another process, which may close it any time."""

    link: Path
    target: str

    @property
    def is_open(self) -> bool:
        return _target_of(self.link) == self.target


def descriptor(pid: int, server_port: int, client_port: int) -> Descriptor:
    """The server's end of a loopback connection (proc(5), net/tcp)."""
    ours = (f":{server_port:04X}", f":{client_port:04X}")
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(ours[0]) and fields[2].endswith(ours[1]):
            target = f"socket:[{fields[9]}]"
            for link in Path(f"/proc/{pid}/fd").iterdir():
                if _target_of(link) == target:
                    return Descriptor(link, target)
    raise LookupError("The server has no such connection.")


def _target_of(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def describe() -> str:
    """Processor, cores and Python, without a name of the machine."""
    cores = os.cpu_count()
    memory_gib = os.sysconf("SC_PHYS_PAGES") * PAGE_BYTES / 2**30
    return (
        f"{_processor()}, {cores} cores, {memory_gib:.0f} GiB, "
        f"Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


class Meter:
    """What a stretch of time cost the server, and this process, which is the load."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._began = time.perf_counter()
        self._server_began = cpu_s(pid)
        self._load_began = time.process_time()
        self._all_began = all_cpu_s()
        self.wall_s = self.server_s = self.load_s = self.others_s = 0.0

    def read(self) -> None:
        self.wall_s = time.perf_counter() - self._began
        self.server_s = cpu_s(self._pid) - self._server_began
        self.load_s = time.process_time() - self._load_began
        self.others_s = max(0.0, all_cpu_s() - self._all_began - self.server_s - self.load_s)

    @property
    def load_percent(self) -> float:
        """How busy the load was: near 100 it measures itself, not the server."""
        return 100 * self.load_s / self.wall_s

    @property
    def server_percent(self) -> float:
        return 100 * self.server_s / self.wall_s

    @property
    def others_percent(self) -> float:
        """What everything else used, of one core: it should be next to nothing."""
        return 100 * self.others_s / self.wall_s

    @property
    def shares(self) -> dict[str, float]:
        """Who had the cores: how one knows what was measured."""
        return {
            "server_percent": self.server_percent,
            "load_percent": self.load_percent,
            "others_percent": self.others_percent,
        }
