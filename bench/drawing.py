"""How figures are drawn: a bar for each row, whichever the scenario."""

import rivals as who

COLOURS = {
    who.FLOOR: "#555555",
    who.COROUTINE: "#0b6db3",
    who.BLOCKING: "#4aa3df",
    who.C_CLIENT: "#c2500a",
    who.CURATOR: "#7a5195",
    who.KAZOO: "#2a9d8f",
    who.IN_PYTHON: "#7a5195",
    who.IN_JAVA: "#2a9d8f",
}


def colour_of(label):
    """Rows begin with the name of their contestant."""
    names = [name for name in COLOURS if label.startswith(name)]
    return COLOURS[max(names, key=len)] if names else "#888888"


def name_rows(axis, labels):
    axis.set_yticks(range(len(labels)), labels)
    axis.invert_yaxis()


def bars(axis, summary, unit, notes=None, is_logarithmic=False):
    """`summary`: by row, what figures.summary makes; the lines reach from the tenth to the ninetieth
    percentile. `notes`: what is written at the end of a row."""
    for place, (label, of) in enumerate(summary.items()):
        axis.barh(place, of["p50"], color=colour_of(label), height=0.6)
        axis.plot([of["p10"], of["p90"]], [place, place], color="black", linewidth=1)
        note = (notes or {}).get(label, "")
        axis.annotate(
            f" {note}", (max(of["p50"], of["p90"]), place), va="center", fontsize=7, annotation_clip=False
        )
    if is_logarithmic:
        axis.set_xscale("log")
    name_rows(axis, list(summary))
    axis.set_xlabel(unit)
