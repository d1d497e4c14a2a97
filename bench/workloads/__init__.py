"""The workloads, in the order of the report."""

from __future__ import annotations

from bench.workloads import arriving, exporting, filing, hostile, misbehaving, reacting, talking
from bench.workloads.workload import Figures, Measure, Workload

__all__ = ["WORKLOADS", "Figures", "Measure", "Workload"]

WORKLOADS = (
    talking.BIG_ROOM,
    talking.SMALL_ROOMS,
    talking.LONG_TALK,
    reacting.BURST,
    reacting.STATE,
    arriving.ARRIVALS,
    arriving.STORM,
    arriving.RETURN,
    misbehaving.STOPPED_READER,
    misbehaving.ENDLESS_MESSAGE,
    filing.UPLOAD,
    filing.DOWNLOAD,
    filing.BESIDE,
    filing.PHOTO,
    exporting.LINES,
    exporting.PAGE,
    exporting.ARCHIVE,
    *hostile.HOSTILE,
)
