"""Figures that stay readable on a phone, and their way into a page as inline SVG.

All lengths are in points. A page shows a figure a little larger than it is drawn, at most twice.
"""

import functools
import io
import re
from xml.etree import ElementTree

import matplotlib
import numpy
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.textpath import TextPath

NARROW, WIDE = 284, 620
LEFT, RIGHT = 36, 11
TITLE, BAND, GAP, FOOT = 19, 21, 8, 29
TITLE_RISE = 7  # of its baseline: the topmost tick label is half as high
POINTS_PER_INCH = 72

# Okabe and Ito's blue and vermilion, darkened until they can be read as text.
COLOURS = {"naive": "#b94a00", "sdk": "#0068a8"}
FILLS = {"naive": "#eeb48e", "sdk": "#8fc1e3"}
INK, GREY, RULE, SHADE = "#16191d", "#545c66", "#b9bfc6", "#f0f2f4"

STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "leasehold",
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.labelcolor": GREY,
    "axes.labelsize": 8.5,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "hatch.linewidth": 0.6,
}

SVG = "{http://www.w3.org/2000/svg}"
XLINK_HREF = "{http://www.w3.org/1999/xlink}href"
LONG_NUMBER = re.compile(r"-?\d+\.\d{3,}")
REFERENCE = re.compile(r"url\(#([^)]*)\)")


@functools.lru_cache(maxsize=1000)
def width_of(label, size):
    """How wide a text will be; the fonts of other machines are narrower than this one."""
    outline = TextPath((0, 0), label, size=size).vertices
    return float(numpy.ptp(outline[:, 0])) if len(outline) else 0.0


def stacked(count, height, width=NARROW, band=BAND, left=LEFT):
    """A figure with axes one above the other, each with room for a title, the first for a band."""
    total = band + count * (TITLE + height) + (count - 1) * GAP + FOOT
    figure = Figure(figsize=(width / POINTS_PER_INCH, total / POINTS_PER_INCH))
    panels, top = [], total
    for index in range(count):
        top -= TITLE + (band if index == 0 else GAP) + height
        box = (left / width, top / total, (width - left - RIGHT) / width, height / total)
        axes = figure.add_axes(box)
        axes.patch.set_visible(False)
        axes.tick_params(length=2.5, pad=2.5, labelbottom=index == count - 1)
        panels.append(axes)
    return figure, panels


def in_points(axes, x, y, label, **style):
    """Text at a place given in points from the upper left corner of the axes."""
    axes.annotate(
        label, (0, 1), (x, y), xycoords="axes fraction", textcoords="offset points",
        annotation_clip=False, **style
    )


def title(axes, client, label, remark="", above=0):
    """Whose panel it is, and the number that sums it up, in the margins above the axes."""
    sign = {"naive": "●", "sdk": "■"}[client]
    left = axes.get_position().x0 * axes.figure.get_figwidth() * POINTS_PER_INCH
    style = {"va": "baseline", "fontsize": 9}
    in_points(
        axes, 2 - left, above + TITLE_RISE, f"{sign} {label}", color=COLOURS[client], weight="bold",
        **style
    )
    if remark:
        axes.annotate(
            remark, (1, 1), (RIGHT - 2, above + TITLE_RISE), xycoords="axes fraction",
            textcoords="offset points", ha="right", color=INK, **style
        )


def not_measured(axes):
    axes.set_yticks([])
    axes.text(0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center",
              color=GREY, style="italic")


def rename(element, prefix, referenced):
    """Ids that nothing else in the page has, and none where nobody refers to them."""
    name = element.attrib.pop("id", None)
    if name in referenced:
        element.set("id", prefix + name)
    target = element.attrib.pop(XLINK_HREF, None)
    if target:
        element.set("href", "#" + prefix + target[1:])
    for key, value in element.attrib.items():
        if "url(#" in value:
            element.set(key, REFERENCE.sub(rf"url(#{prefix}\1)", value))
        elif key in ("d", "x", "y", "transform", "points", "width", "height"):
            element.set(key, LONG_NUMBER.sub(lambda found: f"{float(found[0]):.2f}", value))


def references(root):
    found = set()
    for element in root.iter():
        for key, value in element.attrib.items():
            found.update(REFERENCE.findall(value))
            if key == XLINK_HREF:
                found.add(value[1:])
    return found


def inline_svg(figure, prefix, alternative):
    """The figure as an <svg> element for the middle of a page: no prolog, no metadata, no names
    that another figure has as well, and no style that would leak into the page."""
    buffer = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    root = ElementTree.fromstring(buffer.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (SVG + "style", SVG + "metadata") or not child.tag.startswith(SVG):
                parent.remove(child)
    referenced = references(root)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        element.tail = None if not (element.tail or "").strip() else element.tail
        rename(element, prefix, referenced)
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.set("role", "img")
    root.set("aria-label", alternative)
    return ElementTree.tostring(root, encoding="unicode")


def styled():
    return matplotlib.rc_context(STYLE)
