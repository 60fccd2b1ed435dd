#!/usr/bin/env python3
"""Turns what an incident drill has measured into one HTML file that needs nothing else.

    report.py drill.json report.html

No script, no network, no other file: it can be mailed, read on a phone, and printed.
"""

import math
import os
import sys

import jinja2
import markupsafe

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(FOLDER))
sys.path[:0] = [FOLDER, os.path.join(ROOT, "cmake", "dev")]

import documents  # noqa: E402
import report_holds as holds  # noqa: E402
import report_plots as plots  # noqa: E402
import report_text as words  # noqa: E402
from report_axis import Legend  # noqa: E402
from report_captions import captions  # noqa: E402
from report_figure import WIDE, inline_svg, styled  # noqa: E402
from report_run import mapping, number, positive, read_runs, text  # noqa: E402

VERSION = 1
OPENING_STUCK_HOLDS = 3.5  # as many of the naive client's as the first picture shows


def drawings(runs, scale):
    """Name, figure, and whether it is the variant for wide pages; in the order of the page."""
    legend = Legend(runs)
    window_s = holds.window_s(runs)
    opening_s = min(window_s, OPENING_STUCK_HOLDS * scale["stuck_s"])  # the first if not known
    yield "opening", holds.lanes_plot(runs, is_split=False, length_s=opening_s)
    yield "hot", plots.hot_plot(runs, legend)
    yield "cold", plots.cold_plot(runs, legend)
    yield "turned_away", plots.turned_away_plot(runs, legend)
    yield "wait", plots.wait_plot(runs, legend, scale["wait_s"])
    yield "sessions", plots.sessions_plot(runs, legend)
    yield "watches", plots.watches_plot(runs, legend)
    yield "connects", plots.connects_plot(runs, legend)
    yield "lengths", holds.lengths_plot(runs, scale["budget_s"])
    yield "lanes", holds.lanes_plot(runs, is_split=True)
    yield "lanes_wide", holds.lanes_plot(runs, is_split=True, width=WIDE)


def figures_of(runs, scale):
    """What the template shows, by name: title, what to see, the picture."""
    told = captions(runs, scale)
    found = {}
    with styled():
        for name, figure in drawings(runs, scale) if runs else ():
            caption = told[name.removesuffix("_wide")]
            alternative = f"{caption['title']}. {caption['see']}"
            svg = inline_svg(figure, f"{name.replace('_', '-')}-", alternative)
            found[name] = caption | {"svg": markupsafe.Markup(svg)}
    return found


def read_scale(document):
    scale = mapping(document.get("scale"))
    read = {
        f"{key}_s": positive(scale.get(f"{key}_ms")) / 1000
        for key in ("tick", "session_timeout", "budget", "stuck", "wait")
    }
    for key in ("processes", "callers", "cold_locks", "hot_per_s", "cold_per_s", "stuck_every"):
        read[key] = number(scale.get(key))
    return read | {"name": text(scale.get("name"))}


def times_of(runs, moments_of):
    """When something was: one time if it is the same for all clients, else one for each."""
    times = {run.label: ", ".join(moments_of(run)) for run in runs.values()}
    if len(set(times.values())) == 1:
        return next(iter(times.values()))
    return ", ".join(f"{label} {when}" for label, when in times.items() if when)


def legend_of(runs):
    """Phases and marks, by their signs in the plots, with the times at which they were."""
    legend = Legend(runs)

    def phase_times(name):
        return times_of(
            runs,
            lambda run: [f"{p.from_s:.0f}–{p.to_s:.0f} s" for p in run.phases if p.name == name],
        )

    def mark_times(what):
        return times_of(runs, lambda run: [f"{m.at_s:.1f} s" for m in run.marks if m.what == what])

    return {
        "phases": [(sign, name, phase_times(name)) for name, sign in legend.numbers.items()],
        "marks": [(sign, what, mark_times(what)) for what, sign in legend.letters.items()],
    }


def render(document):
    if document.get("version") != VERSION:
        found = document.get("version")
        raise ValueError(f"a document of version {VERSION} is wanted, not {found!r}")
    runs, scale = read_runs(document), read_scale(document)
    scores = words.score_rows(document)
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"seconds": words.seconds, "count": words.count}
    load = [value for key, value in scale.items() if key != "name"]
    is_missed = any(score["kind"] == "missed" for score in scores)
    server = mapping(document.get("server"))
    return environment.get_template("report.html.j2").render(
        verdict=words.verdict(runs),
        is_passed=False if is_missed else document.get("passed"),
        summary=words.score_summary(scores),
        scores=scores,
        cards=words.card_rows(runs),
        figures=figures_of(runs, scale),
        legend=legend_of(runs),
        scale=scale,
        is_load_known=all(math.isfinite(value) for value in load),
        server={key: text(server.get(key)) for key in ("version", "connections")},
        generated=text(document.get("generated")),
        leasehold=text(document.get("leasehold")),
    )


if __name__ == "__main__":
    sys.exit(documents.report_main(sys.argv[1:], __doc__, render))
