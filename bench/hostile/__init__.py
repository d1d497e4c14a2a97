"""One hostile address: what it does at its worst, in a process of its own, for a bounded time.

`python -m bench.hostile NAME PORT ROOM SECONDS` does one of them until SIGTERM, or until the
seconds are over. Only ever at a server of this machine's that the benchmark itself started.
"""
