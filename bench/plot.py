"""A picture of each scenario, all in one SVG."""

import matplotlib
import scenarios

matplotlib.use("svg")

from matplotlib import pyplot  # noqa: E402

COLOURS = ("#555555", "#0b6db3", "#4aa3df", "#c2500a", "#7a5195", "#2a9d8f", "#8a6d1f", "#b5446e", "#4a7c2c")


def write_svg(document, path):
    runs = document["runs"]
    rows = [2.4 + max(5, len(run["figures"].get("summary", ""))) for run in runs]
    figure, axes = pyplot.subplots(
        len(runs),
        1,
        figsize=(8, 1.2 + 0.38 * sum(rows)),
        height_ratios=rows,
        squeeze=False,
    )
    for run, axis in zip(runs, axes[:, 0]):
        draw = getattr(scenarios.ALL[run["scenario"]], "draw", draw_steps)
        draw(axis, run["figures"])
        axis.set_title(f"{run['scenario']}, {run['place']}", loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)


def draw_steps(axis, figures):
    """For each contestant a bar for the median of the acquisition, and behind it that of the
    release; the lines reach from the tenth to the ninetieth percentile."""
    summary = figures["summary"]
    names = list(summary)
    for place, name in enumerate(names):
        left = 0.0
        for step, alpha in (("acquire", 1.0), ("release", 0.55)):
            of = summary[name][step]
            colour = COLOURS[place % len(COLOURS)]
            axis.barh(place, of["p50"], left=left, color=colour, alpha=alpha, height=0.6)
            axis.plot([left + of["p10"], left + of["p90"]], [place, place], color="black", linewidth=1)
            left += of["p50"]
    axis.set_yticks(range(len(names)), names)
    axis.invert_yaxis()
    axis.set_xlabel("microseconds: acquire, then release")
