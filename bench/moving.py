"""Send one large file after the other, or read one again and again, until we are ended."""

from __future__ import annotations

import os
import sys

from bench.transfers import Member, download, noise

READ_MIB = 64
"""Of a file that is read again and again."""


def main() -> None:
    way, port, mib = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    # People who wait on this core get it at once: a nice process would first end its turn.
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    member = Member.of_a_new_room(port)
    size = min(mib, READ_MIB) * 2**20
    file = member.upload(noise(size), size)
    member.send(file)
    print("begins", flush=True)
    while True:
        if way == "up":
            member.upload(noise(mib * 2**20), mib * 2**20)
        else:
            download(port, str(file["url"]), member.headers)


if __name__ == "__main__":
    main()
