#!/usr/bin/env python3
"""Makes a copy of sdk/core that holds all planted bugs of mutants.toml, asleep.

    mutate.py ROOT OUT

Writes OUT/sdk/core/ and OUT/mutant_list.inc. Files that come out as they were are left alone, so
that a build compiles again only what changed. Exit 1 if a mutant does not fit the sources.
"""

import os
import re
import sys
import tomllib

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = '#include "tests/sim/mutant.hpp"\n'


def awake(text, name):
    """ON, as a word of its own, becomes the question whether this mutant is awake."""
    return re.sub(r"\bON\b", f'::leasehold::sim::is_awake("{name}")', text)


def apply(sources, mutants):
    """Edits `sources` (name -> text) in place; returns what does not fit.

    Two mutants may change the same line: `old` is looked for in the sources as they are in the
    tree, and replaced wherever earlier mutants have left it.
    """
    misfits = []
    pristine = dict(sources)
    for mutant in mutants:
        name = mutant["name"]
        for edit in mutant["edits"]:
            file, old, new = edit["file"], edit["old"], edit["new"]
            if "ON" not in new and "maybe_unused" not in new:
                misfits.append(f"{name}: the new text in {file} never asks whether it is awake")
            times = pristine.get(file, "").count(old)
            if times != 1:
                misfits.append(f"{name}: found {times} times in {file}: {old!r}")
            elif sources[file].count(old) != 1:
                misfits.append(f"{name}: another mutant has changed this in {file}: {old!r}")
            else:
                sources[file] = sources[file].replace(old, awake(new, name))
    return misfits


def write(path, text):
    try:
        with open(path, encoding="utf-8") as file:
            if file.read() == text:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    root, out = sys.argv[1:]
    with open(os.path.join(HERE, "mutants.toml"), "rb") as file:
        mutants = tomllib.load(file)["mutant"]
    core = os.path.join(root, "sdk", "core")
    sources = {}
    for name in sorted(os.listdir(core)):
        if name.endswith((".cpp", ".hpp")):
            with open(os.path.join(core, name), encoding="utf-8") as file:
                sources[name] = file.read()
    misfits = apply(sources, mutants)
    for misfit in misfits:
        print(f"mutate.py: {misfit}", file=sys.stderr)
    if misfits:
        return 1
    edited = {edit["file"] for mutant in mutants for edit in mutant["edits"]}
    os.makedirs(os.path.join(out, "sdk", "core"), exist_ok=True)
    for name, text in sources.items():
        write(os.path.join(out, "sdk", "core", name), HEADER + text if name in edited else text)
    lines = [f'{{"{mutant["name"]}", R"({mutant["why"]})"}},\n' for mutant in mutants]
    write(os.path.join(out, "mutant_list.inc"), "".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
