"""The numbers in Prometheus's text format, by its own library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from parley.metrics.families import FAMILIES, Family, Kind, Measured
from parley.metrics.tallies import BOUNDS_S, Tally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PROCESS = "process"
"""The label that tells the workers of one machine apart."""
_BOUNDS = [*map(str, BOUNDS_S), "+Inf"]


def of_process() -> dict[str, float]:
    """What the system says of this process: memory, processor time, open files."""
    found = ProcessCollector(registry=None).collect()
    return {sample.name: sample.value for metric in found for sample in metric.samples}


def text(measured: Sequence[Measured]) -> bytes:
    """What all these processes say."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(measured))
    return generate_latest(registry)


class _Numbers(Collector):
    def __init__(self, measured: Sequence[Measured]) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        for family in FAMILIES:
            if any(_has(each, family) for each in self._measured):
                yield self._histogram(family) if family.kind is Kind.HISTOGRAM else self._of(family)
        yield from self._of_processes()

    def _of(self, family: Family) -> Metric:
        labels = [PROCESS, family.label] if family.label else [PROCESS]
        made: GaugeMetricFamily | CounterMetricFamily
        if family.kind is Kind.COUNTER:
            made = CounterMetricFamily(family.name, family.help, labels=labels)
        else:
            made = GaugeMetricFamily(family.name, family.help, labels=labels)
        for each in self._measured:
            for value, number in each.numbers.get(family.name, {}).items():
                made.add_metric([each.process, value][: len(labels)], number)
        return made

    def _histogram(self, family: Family) -> Metric:
        made = HistogramMetricFamily(family.name, family.help, labels=[PROCESS])
        for each in self._measured:
            tally = each.tallies.get(family.name)
            if tally is not None:
                made.add_metric([each.process], list(_buckets(tally)), tally.sum_s)
        return made

    def _of_processes(self) -> Iterator[Metric]:
        for name in sorted({name for each in self._measured for name in each.of_process}):
            make = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            made = make(name, "As the system tells it.", labels=[PROCESS])
            for each in self._measured:
                if name in each.of_process:
                    made.add_metric([each.process], each.of_process[name])
            yield made


def _has(measured: Measured, family: Family) -> bool:
    return family.name in measured.numbers or family.name in measured.tallies


def _buckets(tally: Tally) -> Iterator[tuple[str, float]]:
    """Each with those below."""
    yield from zip(_BOUNDS, accumulate(tally.counts), strict=True)
