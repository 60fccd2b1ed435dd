"""A picture of each scenario, all in one SVG."""

import matplotlib

matplotlib.use("svg")

import scenarios  # noqa: E402
from matplotlib import pyplot  # noqa: E402


def write_svg(document, path):
    """A scenario draws itself: draw(axis, figures), with a row for each of figures["summary"]."""
    runs = [run for run in document["runs"] if hasattr(scenarios.ALL[run["scenario"]], "draw")]
    rows = [len(run["figures"]["summary"]) for run in runs]
    figure, axes = pyplot.subplots(
        len(runs),
        1,
        figsize=(8, 1.2 + 0.38 * sum(rows) + 0.9 * len(runs)),
        squeeze=False,
        gridspec_kw={"height_ratios": [count + 1 for count in rows]},
    )
    for run, axis in zip(runs, axes[:, 0]):
        scenarios.ALL[run["scenario"]].draw(axis, run["figures"])
        axis.set_title(f"{run['scenario']}, {run['place']}", loc="left", fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
