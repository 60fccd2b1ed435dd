#!/usr/bin/env python3
"""Sees that docs/hostile.md has a row for each kind of hostile input, and that the tests it names exist.

    hostile.py [ROOT]

Prints "docs/hostile.md: what" for each finding; exit 0 without, 1 with findings.
"""

import os
import re
import sys

DOCUMENT = os.path.join("docs", "hostile.md")
ROWS = 36
FUZZED = {*range(1, 10), *range(13, 18)} - {6}  # which would take 2^31 requests
ON_A_REAL_SERVER = {25, 26, 27, 28}

ROW = re.compile(r"^\| (\d+) \|.*\| ([^|]*) \|$", re.MULTILINE)
TEST = re.compile(r"(?:TYPED_|\b)TEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)")


def tests_in(root):
    """Each test's name, and the files that it is in; of a fuzz target its source."""
    found = {}
    top = os.path.join(root, "tests")
    for directory, _, files in os.walk(top):
        for name in files:
            path = os.path.join(directory, name)
            if name.endswith("_test.cpp"):
                with open(path, encoding="utf-8") as file:
                    for suite, case in TEST.findall(file.read()):
                        found.setdefault(f"{suite}.{case}", []).append(os.path.relpath(path, root))
            elif directory == os.path.join(top, "fuzz") and name.endswith(".cpp"):
                with open(path, encoding="utf-8") as file:
                    if "LEASEHOLD_FUZZ_TARGET(" in file.read():
                        found[f"fuzz.{name[:-4]}"] = [os.path.relpath(path, root)]
    return found


def findings(document, tests):
    rows = {int(number): re.findall(r"`([^`]+)`", names) for number, names in ROW.findall(document)}
    if sorted(rows) != list(range(1, ROWS + 1)):
        yield f"it has rows {sorted(rows)} and not 1 to {ROWS}"
    for number, names in rows.items():
        if not names:
            yield f"row {number} names no test"
        for name in names:
            if name not in tests:
                yield f"row {number}: there is no test {name}"
        if number in FUZZED and not any(name.startswith("fuzz.") for name in names):
            yield f"row {number} names no fuzz target"
        places = [place for name in names for place in tests.get(name, [])]
        integration = os.path.join("tests", "integration", "")
        if number in ON_A_REAL_SERVER and not any(place.startswith(integration) for place in places):
            yield f"row {number} names no test on a real server"


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else "."
    with open(os.path.join(root, DOCUMENT), encoding="utf-8") as file:
        found = list(findings(file.read(), tests_in(root)))
    for each in found:
        print(f"{DOCUMENT}: {each}")
    print(f"hostile: {ROWS} rows, {len(found)} findings")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
