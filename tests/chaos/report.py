#!/usr/bin/env python3
"""Turns what a chaos run has measured into one HTML file that needs nothing else.

    report.py chaos.json report.html

No script, no network, no other file.
"""

import json
import os
import sys

import jinja2

import timeline

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
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


def write_html(document, path):
    """Writes the report of the document, a dict, to the path; all of it or nothing."""
    page = render(document)
    unfinished = f"{path}.new"
    with open(unfinished, "w", encoding="utf-8") as file:
        file.write(page)
    os.replace(unfinished, path)


def main(arguments):
    if len(arguments) != 2 or arguments[0] in ("-h", "--help"):
        print(__doc__.strip())
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 64
    try:
        with open(arguments[0], encoding="utf-8") as file:
            document = json.load(file)
        write_html(document, arguments[1])
    except (OSError, ValueError, KeyError) as error:
        print(f"report.py: {error!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
