#!/usr/bin/env python3
"""Checks that the code in README.md, docs/ and bindings/ is the code that is compiled and run.

    quotes.py [ROOT]

A code block that is marked ```cpp, ```java or ```python must follow a line

    <!-- quote: examples/quickstart/blocking_lock.cpp#lock -->   the region between two //! [lock]; in Python two #! [lock]
    <!-- quote: examples/quickstart/blocking_lock.cpp -->        the whole file
    <!-- sketch -->                                              nothing that compiles by itself

and be equal to what it names, indentation aside. Links to files of this tree, and to headings in them, must lead
somewhere.
Exit 0 without findings, 1 with findings.
"""

import os
import re
import sys
import textwrap

# What begins the line of a region's edge, in the languages whose blocks are quotes.
EDGES = {"cpp": "//!", "java": "//!", "python": "#!"}
MARK = re.compile(r"^<!-- (?:quote: (\S+)|sketch) -->$")
FENCE = re.compile(r"^```(\w*)$")
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ +(.*)$")


def documents(root):
    yield from (name for name in ("README.md", "CHANGELOG.md") if os.path.exists(os.path.join(root, name)))
    for folder in ("docs", "bindings"):
        for directory, inner, files in os.walk(os.path.join(root, folder)):
            inner.sort()
            for name in sorted(files):
                if name.endswith(".md"):
                    yield os.path.relpath(os.path.join(directory, name), root)


def quoted(root, reference, edge):
    """The text that a mark names, or None."""
    path, _, region = reference.partition("#")
    try:
        with open(os.path.join(root, path), encoding="utf-8") as file:
            lines = file.read().splitlines()
    except OSError:
        return None
    if not region:
        return "\n".join(lines)
    edges = [number for number, line in enumerate(lines) if line.strip() == f"{edge} [{region}]"]
    if len(edges) != 2:
        return None
    return textwrap.dedent("\n".join(lines[edges[0] + 1 : edges[1]])).strip("\n")


def anchors(path):
    """What the headings of a document are linked by."""
    found, in_block = set(), False
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            in_block ^= line.startswith("```")
            heading = None if in_block else HEADING.match(line)
            if heading:
                words = re.sub(r"[^\w\- ]", "", heading.group(1).strip().lower())
                found.add(words.replace(" ", "-"))
    return found


def dead_link(root, document, target, anchor):
    """What is wrong with a link, or None."""
    near = os.path.join(root, os.path.dirname(document), target) if target else os.path.join(root, document)
    if "://" in target:
        return None
    if not os.path.exists(near):
        return f"no file '{target}'"
    if anchor and near.endswith(".md") and anchor not in anchors(near):
        return f"no heading '#{anchor}' in {os.path.basename(near)}"
    return None


def check(root, document):
    """(number of quotes, findings)"""
    with open(os.path.join(root, document), encoding="utf-8") as file:
        lines = file.read().splitlines()
    quotes, findings = 0, []
    number = 0
    mark = None
    while number < len(lines):
        line = lines[number]
        fence = FENCE.match(line)
        if not fence:
            mark = MARK.match(line) or (mark if not line.strip() else None)
            for target, anchor in LINK.findall(line):
                wrong = dead_link(root, document, target, anchor)
                if wrong:
                    findings.append(f"{document}:{number + 1}: {wrong}")
            number += 1
            continue
        end = number + 1
        while end < len(lines) and lines[end] != "```":
            end += 1
        block = "\n".join(lines[number + 1 : end])
        if fence.group(1) in EDGES:
            if mark is None:
                findings.append(f"{document}:{number + 1}: a block of code without a mark")
            elif mark.group(1):
                quotes += 1
                source = quoted(root, mark.group(1), EDGES[fence.group(1)])
                if source is None:
                    findings.append(f"{document}:{number}: nothing is called '{mark.group(1)}'")
                elif source != block:
                    findings.append(f"{document}:{number + 1}: differs from {mark.group(1)}")
        mark = None
        number = end + 1
    return quotes, findings


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(here)
    total, findings = 0, []
    for document in documents(root):
        quotes, wrong = check(root, document)
        total += quotes
        findings += wrong
    print("\n".join([*findings, f"{total} quotes compared, {len(findings)} findings"]))
    return 1 if findings or not total else 0


if __name__ == "__main__":
    sys.exit(main())
