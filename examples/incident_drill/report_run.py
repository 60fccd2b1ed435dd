"""What a drill's document says, read with care: whatever is missing or odd is unknown, and NaN."""

import math
import re
from dataclasses import dataclass, field

import numpy

CLIENTS = {"naive": "Naive client", "sdk": "SDK"}

# What neither XML nor UTF-8 can carry.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def number(value):
    """A finite number as float, anything else as NaN."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan
    return float(value) if math.isfinite(value) else math.nan


def positive(value):
    """A length of time that is none is as good as unknown."""
    value = number(value)
    return value if value > 0 else math.nan


def text(value):
    return "" if value is None else UNPRINTABLE.sub("\ufffd", str(value))


def mapping(value):
    return value if isinstance(value, dict) else {}


def mappings(value):
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def numbers(value):
    return numpy.array([number(item) for item in value] if isinstance(value, list) else [], float)


@dataclass(frozen=True)
class Series:
    """One value per moment; NaN where nothing was measured."""

    at_s: numpy.ndarray
    values: numpy.ndarray

    @property
    def is_measured(self):
        return bool(numpy.isfinite(self.values).any())

    def between(self, from_s, to_s):
        inside = self.values[(self.at_s >= from_s) & (self.at_s < to_s)]
        return inside[numpy.isfinite(inside)]

    @property
    def most(self):
        return float(numpy.nanmax(self.values)) if self.is_measured else math.nan


@dataclass(frozen=True)
class Phase:
    name: str
    from_s: float
    to_s: float


@dataclass(frozen=True)
class Mark:
    at_s: float
    what: str


@dataclass(frozen=True)
class Holds:
    """The holds of the hot lock, column by column: there may be a hundred thousand."""

    from_s: numpy.ndarray
    to_s: numpy.ndarray
    process: numpy.ndarray
    is_stuck: numpy.ndarray

    def __len__(self):
        return len(self.from_s)

    def where(self, condition):
        columns = (self.from_s, self.to_s, self.process, self.is_stuck)
        return Holds(*(column[condition] for column in columns))

    def overlapping(self, from_s, to_s):
        return self.where((self.to_s > from_s) & (self.from_s < to_s))

    @property
    def length_s(self):
        return self.to_s - self.from_s

    @property
    def longest_s(self):
        return float(self.length_s.max()) if len(self) else math.nan


@dataclass(frozen=True)
class Run:
    client: str
    phases: list
    marks: list
    series: dict = field(repr=False)
    holds: Holds = field(repr=False)
    hot_done: float
    cold_done: float
    longest_block_s: float

    @property
    def label(self):
        return CLIENTS[self.client]

    @property
    def end_s(self):
        ends = [phase.to_s for phase in self.phases] or [
            float(at[-1]) for at in (numbers(item.get("at_s")) for item in self.series.values())
            if len(at) and math.isfinite(at[-1])
        ]
        return max(ends, default=1.0)

    @property
    def stuck_phase(self):
        """When calls hang: what the drill is about. All of the run if no phase is named so."""
        for phase in self.phases:
            if "stuck" in phase.name:
                return phase
        return Phase("the run", 0.0, self.end_s)

    def one(self, group, key):
        columns = self.series.get(group, {})
        at_s, values = numbers(columns.get("at_s")), numbers(columns.get(key))
        length = min(len(at_s), len(values))
        at_s, values = at_s[:length], values[:length]
        is_placed = numpy.isfinite(at_s)
        return Series(at_s[is_placed], values[is_placed])


def read_holds(items):
    keys = ("from_s", "to_s", "process")
    rows = [tuple(number(item.get(key)) for key in keys) for item in items]
    is_stuck = numpy.array([item.get("is_stuck") is True for item in items], bool)
    columns = numpy.array(rows, float).reshape(-1, 3).T
    known = numpy.isfinite(columns).all(axis=0) & (columns[1] >= columns[0])
    from_s, to_s, process = columns[:, known]
    return Holds(from_s, to_s, process.astype(int), is_stuck[known])


def read_run(run):
    done = mapping(run.get("orders_done"))
    phases = [
        Phase(text(item.get("name")), number(item.get("from_s")), number(item.get("to_s")))
        for item in mappings(run.get("phases"))
    ]
    marks = [
        Mark(number(item.get("at_s")), text(item.get("what")))
        for item in mappings(run.get("marks"))
    ]
    return Run(
        client=run["client"],
        phases=[phase for phase in phases if phase.to_s > phase.from_s],
        marks=[mark for mark in marks if math.isfinite(mark.at_s)],
        series={key: mapping(value) for key, value in mapping(run.get("series")).items()},
        holds=read_holds(mappings(run.get("hot_holds"))),
        hot_done=number(done.get("hot")),
        cold_done=number(done.get("cold")),
        longest_block_s=number(run.get("longest_block_s")),
    )


def read_runs(document):
    """The runs of the clients that are known, by client, the naive one first."""
    found = {}
    for run in mappings(document.get("runs")):
        if run.get("client") in CLIENTS:
            found.setdefault(run["client"], run)
    return {client: read_run(found[client]) for client in CLIENTS if client in found}
