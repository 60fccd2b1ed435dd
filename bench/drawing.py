"""A picture of rows, each of one contestant in one setting."""

import rivals as who

COLOURS = {
    who.FLOOR: "#555555",
    who.COROUTINE: "#0b6db3",
    who.BLOCKING: "#4aa3df",
    who.C_CLIENT: "#c2500a",
    who.CURATOR: "#7a5195",
    who.KAZOO: "#2a9d8f",
    who.GO_ZOOKEEPER: "#8a6d1f",
    who.ZOOKEEPER_CLIENT: "#b5446e",
    who.ETCD: "#4a7c2c",
}


def colour_of(label):
    """Rows begin with the name of their contestant."""
    return next(colour for name, colour in COLOURS.items() if label.startswith(name))


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
    axis.set_yticks(range(len(summary)), list(summary))
    axis.invert_yaxis()
    axis.set_xlabel(unit)
