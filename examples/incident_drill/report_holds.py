"""The hot lock's holds: who had it when, and for how long."""

import numpy
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from report_axis import log_seconds, points_wide
from report_figure import (
    COLOURS, FILLS, INK, NARROW, SHADE, in_points, not_measured, stacked, title, width_of,
)
from report_text import count, remark, seconds

MOST_LANES = 12
LANE = 15
SHORTEST = 0.8  # a hold of 5 ms must still be seen, also between two long ones
BINS_PER_DECADE = 8


def window_s(runs):
    """How much of the phase of stuck holds is drawn: the same for every client."""
    lengths = [run.stuck_phase.to_s - run.stuck_phase.from_s for run in runs.values()]
    return max(lengths, default=1.0)


def window_holds(run, length_s):
    """The holds of the window, their times counted from its beginning."""
    begin = run.stuck_phase.from_s
    return run.holds.overlapping(begin, begin + length_s), begin


def went_through(run, length_s):
    """How many orders got the hot lock in the window, and gave it back by themselves."""
    holds, begin = window_holds(run, length_s)
    is_inside = (holds.from_s >= begin) & (holds.from_s < begin + length_s)
    return int((is_inside & ~holds.is_stuck).sum())


def merged(from_s, to_s, least_gap_s):
    """Bars that can be told apart: neighbours that would touch on paper become one."""
    order = numpy.argsort(from_s, kind="stable")
    bars = []
    for begin, end in zip(from_s[order], to_s[order]):
        if bars and begin - bars[-1][1] < least_gap_s:
            bars[-1][1] = max(bars[-1][1], end)
        else:
            bars.append([begin, end])
    return bars


def add_bars(axes, bars, middle, height, **style):
    """All bars of one kind in one lane, as one path: a thousand of them stay small."""
    vertices, codes = [], []
    for begin, end in bars:
        low, high = middle - height / 2, middle + height / 2
        vertices += [(begin, low), (end, low), (end, high), (begin, high), (begin, low)]
        codes += [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    if bars:
        axes.add_patch(PathPatch(Path(vertices, codes), **style))


def draw_lane(axes, client, holds, begin, middle, per_point_s):
    ordinary = holds.where(~holds.is_stuck)
    longest = numpy.maximum(ordinary.to_s, ordinary.from_s + SHORTEST * per_point_s)
    bars = merged(ordinary.from_s - begin, longest - begin, 0.25 * per_point_s)
    add_bars(axes, bars, middle, 0.62, facecolor=COLOURS[client], linewidth=0, zorder=3)
    stuck = holds.where(holds.is_stuck)
    bars = merged(stuck.from_s - begin, stuck.to_s - begin, 0.0)
    add_bars(axes, bars, middle, 0.9, facecolor=INK, edgecolor="white", linewidth=0.5, zorder=2)
    left, right = axes.get_xlim()
    for from_s, to_s in bars:
        shown = (max(from_s, left), min(to_s, right))
        label = seconds(to_s - from_s)
        if width_of(label, 8) + 5 <= (shown[1] - shown[0]) / per_point_s:
            axes.text(sum(shown) / 2, middle, label, color="white", fontsize=8, ha="center",
                      va="center_baseline", zorder=4, clip_on=True)


def lanes_of(holds, is_split):
    if not is_split:
        return [("", numpy.ones(len(holds), bool))]
    processes = numpy.unique(holds.process)[:MOST_LANES]
    return [(f"P{process}", holds.process == process) for process in processes]


def lanes_plot(runs, is_split, width=NARROW, length_s=None):
    """The hot lock while calls hang: a lane for each process, or one lane for all of them."""
    length_s = length_s or window_s(runs)
    known = [window_holds(run, length_s)[0] for run in runs.values()]
    most_lanes = max((len(lanes_of(holds, is_split)) for holds in known), default=1)
    height = LANE * max(1, most_lanes) if is_split else 26
    left = 26 if is_split else 8
    figure, panels = stacked(len(runs), height, width, band=0, left=left)
    for axes, (client, run), holds in zip(panels, runs.items(), known):
        axes.set_xlim(0, length_s)
        draw_lanes(axes, client, run, lanes_of(holds, is_split), length_s, is_split)
    panels[-1].xaxis.set_major_locator(MaxNLocator(10 if width > NARROW else 6, integer=True))
    panels[-1].set_xlabel("seconds since calls began to hang", labelpad=2)
    return figure


def draw_lanes(axes, client, run, lanes, length_s, is_split):
    holds, begin = window_holds(run, length_s)
    passed = f"{count(went_through(run, length_s))} orders went through" if len(holds) else ""
    title(axes, client, run.label, passed)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(max(1, len(lanes)) - 0.5, -0.5)
    if not len(holds):
        not_measured(axes)
        return
    per_point_s = length_s / points_wide(axes)
    for middle, (_, is_in_lane) in enumerate(lanes):
        axes.axhspan(middle - 0.45, middle + 0.45, color=SHADE, linewidth=0, zorder=0)
        draw_lane(axes, client, holds.where(is_in_lane), begin, middle, per_point_s)
    axes.set_yticks(range(len(lanes)), [name for name, _ in lanes])


def histogram(axes, client, holds, edges):
    ordinary, _ = numpy.histogram(holds.length_s[~holds.is_stuck], edges)
    stuck, _ = numpy.histogram(holds.length_s[holds.is_stuck], edges)
    # Bars of an axis that has no zero begin below one.
    for counts, bottom, colour in (
        (ordinary, None, FILLS[client]),
        (stuck, ordinary, INK),
    ):
        is_any = counts > 0
        base = numpy.full(len(counts), 0.5) if bottom is None else numpy.maximum(bottom, 0.5)
        tops = counts if bottom is None else counts + bottom
        axes.bar(edges[:-1][is_any], (tops - base)[is_any], numpy.diff(edges)[is_any], base[is_any],
                 align="edge", color=colour, linewidth=0.6, zorder=2,
                 edgecolor=COLOURS[client] if bottom is None else "white")
    return int((ordinary + stuck).max(initial=1))


def lengths_plot(runs, budget_s):
    """How long holds were, on log axes, against the budget."""
    figure, panels = stacked(len(runs), 74, band=10)
    lengths = [run.holds.length_s for run in runs.values()]
    lengths = numpy.concatenate([numpy.array([0.001, 1.0]), *lengths, [budget_s]])
    lengths = lengths[numpy.isfinite(lengths) & (lengths > 0)]
    most = 1
    for axes, (client, run) in zip(panels, runs.items()):
        axes.set_xscale("log")
        least_s, most_s = log_seconds(axes.xaxis, max(1e-5, lengths.min()), lengths.max() * 1.01)
        title(axes, client, run.label, remark("longest {}", seconds(run.holds.longest_s)),
              10 * (axes is panels[0]))
        if not len(run.holds):
            not_measured(axes)
        else:
            decades = numpy.log10(most_s / least_s)
            edges = numpy.geomspace(least_s, most_s, int(round(decades * BINS_PER_DECADE)) + 1)
            most = max(most, histogram(axes, client, run.holds, edges))
        axes.set_xlim(least_s, most_s)
        if numpy.isfinite(budget_s):
            axes.axvline(budget_s, color=INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=3)
    finish_lengths(panels, runs, most, budget_s)
    return figure


def finish_lengths(panels, runs, most, budget_s):
    for axes, run in zip(panels, runs.values()):
        if not len(run.holds):
            continue
        axes.set_yscale("log")
        axes.set_ylim(0.5, most * 2)
        ticks = [10.0**power for power in range(0, 7) if 10**power <= most * 2]
        axes.yaxis.set_major_locator(FixedLocator(ticks))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.grid(axis="y", color="#dfe3e7", linewidth=0.6)
    if numpy.isfinite(budget_s):
        axes = panels[0]
        left, right = numpy.log10(axes.get_xlim())
        place = (numpy.log10(budget_s) - left) / (right - left) * points_wide(axes)
        in_points(axes, place, 3, "budget", ha="center", va="baseline", fontsize=8, color=INK)
    panels[-1].set_xlabel("how long one hold lasted", labelpad=2)
