"""What every plot over time shares: phases behind it, marks in it, gaps in what is known."""

import numpy
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from report_figure import GREY, INK, SHADE, in_points, not_measured, width_of
from report_text import count

LABEL_SIZE = 8
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
MOST_POINTS = 300  # of one line; a plot is hardly wider than that


class Legend:
    """Numbers for phases and letters for marks, the same in all plots and for all clients."""

    def __init__(self, runs):
        names = dict.fromkeys(phase.name for run in runs.values() for phase in run.phases)
        whats = dict.fromkeys(mark.what for run in runs.values() for mark in run.marks)
        self.numbers = {name: number for number, name in enumerate(names, start=1)}
        self.letters = dict(zip(whats, LETTERS))


def points_wide(axes):
    return axes.get_position().width * axes.figure.get_figwidth() * 72


def shade_phases(axes, run):
    for index, phase in enumerate(run.phases):
        if index % 2:
            axes.axvspan(phase.from_s, phase.to_s, color=SHADE, linewidth=0, zorder=0)


def fitting_name(phase, width, number):
    """The phase's name in one or two lines if there is room, else its number."""
    words = phase.name.split()
    for lines in ([phase.name], [words[0], " ".join(words[1:])] if len(words) > 1 else []):
        if lines and max(width_of(line, LABEL_SIZE) for line in lines) <= width + 1:
            return "\n".join(lines)
    return str(number)


def name_phases(axes, run, legend, above):
    """The names of the phases, in a band above the first panel."""
    from_s, to_s = axes.get_xlim()
    per_second = points_wide(axes) / (to_s - from_s)
    for phase in run.phases:
        width = (phase.to_s - phase.from_s) * per_second
        label = fitting_name(phase, width, legend.numbers[phase.name])
        middle = ((phase.from_s + phase.to_s) / 2 - from_s) * per_second
        in_points(axes, middle, above, label, ha="center", va="center", fontsize=LABEL_SIZE,
                  color=GREY, linespacing=1.0)


def spread(wanted, apart):
    """Places in the wanted order, moved to the right as far as they would cover each other."""
    places = []
    for place in wanted:
        places.append(max(place, places[-1] + apart) if places else place)
    return places


def draw_marks(axes, run, legend):
    """A line where something was done to server or client, with its letter at the top."""
    from_s, to_s = axes.get_xlim()
    per_second = points_wide(axes) / (to_s - from_s)
    marks = sorted(run.marks, key=lambda mark: mark.at_s)
    for mark in marks:
        axes.axvline(mark.at_s, color=INK, linewidth=0.7, linestyle=(0, (3, 2)), zorder=1.5)
    places = spread([(mark.at_s - from_s) * per_second for mark in marks], apart=9.5)
    for mark, place in zip(marks, places):
        in_points(axes, place, -5.5, legend.letters.get(mark.what, "+"), ha="center", va="center",
                  fontsize=7, weight="bold", color="white",
                  bbox={"boxstyle": "circle,pad=0.18", "facecolor": INK, "edgecolor": "none"})


def unknown_spans(series):
    """Where the series has no value: each moment stands for the time around it."""
    if not len(series.at_s):
        return []
    middles = (series.at_s[1:] + series.at_s[:-1]) / 2
    edges = numpy.concatenate([series.at_s[:1], middles, series.at_s[-1:]])
    spans = []
    for index in numpy.flatnonzero(~numpy.isfinite(series.values)):
        if spans and spans[-1][1] == edges[index]:
            spans[-1][1] = edges[index + 1]
        else:
            spans.append([edges[index], edges[index + 1]])
    return spans


def lonely(values):
    """Which values have no neighbour, so that no line would show them."""
    is_known = numpy.isfinite(values)
    padded = numpy.concatenate([[False], is_known, [False]])
    return is_known & ~padded[:-2] & ~padded[2:]


def hatch_unknown(axes, series):
    for from_s, to_s in unknown_spans(series):
        axes.axvspan(from_s, to_s, facecolor="white", edgecolor="#c6ccd2", hatch="////",
                     linewidth=0, zorder=0.5)


def thinned(series, combine):
    """At most MOST_POINTS points, each of which stands for several neighbours."""
    each = -(-len(series.at_s) // MOST_POINTS)
    if each <= 1:
        return series.at_s, series.values
    at_s, values = [], []
    for begin in range(0, len(series.at_s), each):
        part = series.values[begin : begin + each]
        part = part[numpy.isfinite(part)]
        at_s.append(float(series.at_s[begin : begin + each].mean()))
        values.append(float(combine(part)) if len(part) else numpy.nan)
    return numpy.array(at_s), numpy.array(values)


def short_seconds(value, _=None):
    """A tick: 1 ms, 0.1 s, 10 s."""
    return f"{value * 1000:g} ms" if value < 0.0999 else f"{value:g} s"


def log_seconds(axis, least, most):
    """Decades of seconds on an axis, each with its name."""
    decades = numpy.arange(numpy.floor(numpy.log10(least)), numpy.ceil(numpy.log10(most)) + 1)
    axis.set_major_locator(FixedLocator(10.0**decades))
    axis.set_major_formatter(FuncFormatter(short_seconds))
    axis.set_minor_locator(NullLocator())
    return 10.0 ** decades[0], 10.0 ** decades[-1]


def whole_counts(axes, most):
    axes.set_ylim(0, max(1.0, most * 1.25))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: count(value)))


def finish(panels, drawn, legend, band):
    """Phases, marks and the axis of time; drawn has (run, is_measured) for each panel."""
    end_s = max((run.end_s for run, _ in drawn), default=1.0)
    for index, (axes, (run, is_measured)) in enumerate(zip(panels, drawn)):
        axes.set_xlim(0, end_s)
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        shade_phases(axes, run)
        if index == 0:
            name_phases(axes, run, legend, band / 2)
        if is_measured:
            draw_marks(axes, run, legend)
        else:
            not_measured(axes)
    panels[-1].set_xlabel("seconds since the start", labelpad=2)
