"""How a run that measures for minutes hands out what it has found: a document of JSON, and a report made
of it. Each file is there as a whole, or as it was before."""

import contextlib
import datetime
import importlib
import json
import os
import sys


@contextlib.contextmanager
def whole_file(path):
    """A file to write; it takes the place of what the path has when all of it is there."""
    unfinished = f"{path}.new"
    try:
        with open(unfinished, "w", encoding="utf-8") as file:
            yield file
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.remove(unfinished)
        raise


def write_page(page, path):
    with whole_file(path) as file:
        file.write(page)


def add_options(parser):
    """--html and --json, as hand_out() wants them."""
    parser.add_argument("--html", metavar="FILE", help="a report with pictures, in one file")
    parser.add_argument("--json", metavar="FILE", help="the same figures")


def find_render(options):
    """`render` of the program's own module `report`, if it will be needed: a package that it needs and
    that is not there is told before the run, not after."""
    return importlib.import_module("report").render if options.html else None


def hand_out(document, options, render):
    """Writes the document, a dict, to the files that the options name; `render` makes a page of it."""
    document["generated"] = datetime.datetime.now(datetime.timezone.utc).strftime("%FT%TZ")
    if options.json:
        with whole_file(options.json) as file:
            json.dump(document, file, indent=1)
    if options.html:
        write_page(render(document), options.html)


def report_main(arguments, usage, render):
    """The program that makes the report of a document which is there already; returns its exit code."""
    is_help = bool(arguments) and arguments[0] in ("-h", "--help")
    if is_help or len(arguments) != 2:
        print(usage.strip())
        return 0 if is_help else 64
    try:
        with open(arguments[0], encoding="utf-8") as file:
            document = json.load(file)
        if not isinstance(document, dict):
            raise ValueError("the document is not an object")
        write_page(render(document), arguments[1])
    except KeyError as error:
        trouble = f"the document has no {error}"
    except (OSError, ValueError) as error:
        trouble = error
    else:
        return 0
    print(f"report.py: {trouble}", file=sys.stderr)
    return 1
