"""The plots over time: orders, waits, the server, connects; one panel for each client."""

import numpy

from report_axis import finish, hatch_unknown, log_seconds, lonely, thinned, whole_counts
from report_figure import BAND, COLOURS, FILLS, GREY, stacked, title
from report_text import count, last_value, remark, seconds, total

HEIGHT = 74


def panels_for(runs):
    figure, panels = stacked(len(runs), HEIGHT)
    for axes in panels:
        axes.grid(axis="y", color="#dfe3e7", linewidth=0.6)
    return figure, panels


def above(index):
    """How far the first panel's title is moved up by the names of the phases."""
    return BAND if index == 0 else 0


def per_second_plot(runs, legend, group, key, remark_of):
    """Counts per second as a filled outline, on one scale for all clients."""
    figure, panels = panels_for(runs)
    series = {client: run.one(group, key) for client, run in runs.items()}
    most = max((one.most for one in series.values() if one.is_measured), default=1.0)
    drawn = []
    for index, (axes, (client, run)) in enumerate(zip(panels, runs.items())):
        one = series[client]
        title(axes, client, run.label, remark_of(run, one), above(index))
        at_s, values = thinned(one, numpy.mean)
        axes.fill_between(at_s, values, step="mid", color=FILLS[client], linewidth=0, zorder=2)
        axes.step(at_s, values, where="mid", color=COLOURS[client], linewidth=1.2, zorder=3)
        hatch_unknown(axes, one)
        whole_counts(axes, most)
        drawn.append((run, one.is_measured))
    finish(panels, drawn, legend, BAND)
    return figure


def hot_plot(runs, legend):
    return per_second_plot(
        runs, legend, "orders", "hot", lambda run, _: remark("{} done", count(run.hot_done))
    )


def cold_plot(runs, legend):
    return per_second_plot(
        runs, legend, "orders", "cold", lambda run, _: remark("{} done", count(run.cold_done))
    )


def turned_away_plot(runs, legend):
    return per_second_plot(
        runs, legend, "orders", "turned_away",
        lambda _, one: remark("{} turned away", count(total(one))),
    )


def connects_plot(runs, legend):
    return per_second_plot(
        runs, legend, "connects", "attempts",
        lambda _, one: remark("at most {} a second", count(one.most)),
    )


def lines_plot(runs, legend, group, solid, dashed, remark_of):
    """Two lines for each client, and hatching where nothing is known."""
    figure, panels = panels_for(runs)
    drawn = []
    for index, (axes, (client, run)) in enumerate(zip(panels, runs.items())):
        main, other = run.one(group, solid), run.one(group, dashed)
        title(axes, client, run.label, remark_of(main, other), above(index))
        for one, style in ((other, {"linewidth": 1.2, "linestyle": (0, (1.2, 1.2))}),
                           (main, {"linewidth": 1.6})):
            at_s, values = thinned(one, numpy.max)
            axes.plot(at_s, values, color=COLOURS[client], zorder=3, **style)
            is_lonely = lonely(values)
            axes.plot(at_s[is_lonely], values[is_lonely], "o", color=COLOURS[client], markersize=2,
                      zorder=3)
        hatch_unknown(axes, main)
        drawn.append((run, main.is_measured or other.is_measured))
    return figure, panels, drawn


def positive(runs, group, keys):
    values = [run.one(group, key).values for run in runs.values() for key in keys]
    values = numpy.concatenate([numpy.empty(0), *values])
    return values[numpy.isfinite(values) & (values > 0)]


def wait_plot(runs, legend, patience_s):
    """Waits on a log axis, with a line where a caller's patience ends."""
    figure, panels, drawn = lines_plot(
        runs, legend, "wait", "p99_s", "p50_s",
        lambda p99, _: remark("p99 up to {}", seconds(p99.most)),
    )
    known = positive(runs, "wait", ("p50_s", "p99_s"))
    for index, axes in enumerate(panels):
        axes.set_yscale("log", nonpositive="mask")
        least, most = (known.min(), known.max()) if len(known) else (0.001, 10.0)
        axes.set_ylim(*log_seconds(axes.yaxis, least, most * 1.05))
        if numpy.isfinite(patience_s):
            axes.axhline(patience_s, color=GREY, linewidth=0.9, linestyle=(0, (5, 2)), zorder=2)
    finish(panels, drawn, legend, BAND)
    return figure


def server_plot(runs, legend, solid, dashed, remark_of):
    figure, panels, drawn = lines_plot(runs, legend, "server", solid, dashed, remark_of)
    most = positive(runs, "server", (solid, dashed))
    for axes in panels:
        whole_counts(axes, most.max() if len(most) else 1.0)
    finish(panels, drawn, legend, BAND)
    return figure


def sessions_plot(runs, legend):
    return server_plot(
        runs, legend, "sessions", "watching_connections",
        lambda main, _: remark("at most {}", count(main.most)),
    )


def watches_plot(runs, legend):
    return server_plot(
        runs, legend, "watches", "watches",
        lambda one, _: remark("at most {}, in the end {}", count(one.most), count(last_value(one))),
    )
