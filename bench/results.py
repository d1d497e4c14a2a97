"""All that was measured: kept run by run, told as medians with their spread."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

from bench.workloads.workload import Figures


@dataclass(frozen=True)
class Spread:
    """A figure over the rounds."""

    middle: float
    least: float
    most: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Run:
    """One server under one workload, once."""

    workload: str
    server: str
    figures: Figures = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True)
class Point:
    """One step of one growing thing."""

    series: str
    size: int
    figures: Figures


@dataclass
class Results:
    """What the report is written from."""

    machine: str
    date: str
    scale: str
    versions: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """By server: why it was not measured."""
    runs: list[Run] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def servers(self, workload: str) -> list[str]:
        """Those with figures for it, in the order they were measured."""
        return list(
            dict.fromkeys(
                run.server for run in self.runs if run.workload == workload and run.figures
            )
        )

    def failures(self, workload: str) -> list[Run]:
        return [run for run in self.runs if run.workload == workload and run.failure]

    def rounds(self, workload: str, server: str) -> int:
        return len(self._figures(workload, server))

    def spread(self, workload: str, server: str, key: str) -> Spread | None:
        values = [figures[key] for figures in self._figures(workload, server) if key in figures]
        return Spread.of(values) if values else None

    def _figures(self, workload: str, server: str) -> list[Figures]:
        return [
            run.figures
            for run in self.runs
            if run.workload == workload and run.server == server and run.figures
        ]

    def save(self, folder: Path) -> Path:
        """As JSON, named by date."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{self.date.replace(':', '')}.json"
        file.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")
        return file
