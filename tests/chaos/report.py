#!/usr/bin/env python3
"""Turns what a chaos run has measured into one HTML file that needs nothing else.

    report.py chaos.json report.html

No script, no network, no other file.
"""

import os
import sys

import jinja2

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import documents  # noqa: E402
import timeline  # noqa: E402

DRILL = os.path.join(ROOT, "examples", "incident_drill")  # whose style sheet is ours, too


def milliseconds(seconds):
    return f"{1000 * seconds:.0f} ms"


def headline(document):
    missed = [each["name"] for each in document["bars"] if each["is_met"] is False]
    seen = sum(count["seen"] for count in document["kinds"].values())
    what = f"{seen} faults of {len(document['kinds'])} kinds, {document['pauses']} pauses"
    return f"{what}: {'not met: ' + ', '.join(missed) if missed else 'nothing was broken'}"


def render(document):
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([HERE, DRILL]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["milliseconds"] = milliseconds
    waits = {
        name.replace("_", " "): spread
        for name, spread in document["wake_ups"].items()
        if isinstance(spread, dict)
    }
    return environment.get_template("chaos.html.j2").render(
        document=document,
        headline=headline(document),
        strips=timeline.strips(document),
        waits=waits,
        timeline=timeline,
    )


if __name__ == "__main__":
    sys.exit(documents.report_main(sys.argv[1:], __doc__, render))
