#!/usr/bin/env python3
"""What a reviewer should not have to say. Run by './dev lint', which installs the tools first.

    ./dev lint [STEP...]     all steps, or only these

  format      clang-format 14 finds nothing to change ('./dev fmt' changes it)
  layers      no include crosses the layers the wrong way
  shell       shellcheck has no remark
  coroutines  no expression of a kind that GCC 12 compiles into a double free
  tidy        clang-tidy 14 over sdk/, with the checks of .clang-tidy
"""

import argparse
import collections
import concurrent.futures
import json
import os
import re
import shlex
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
JOBS = int(os.environ.get("LEASEHOLD_JOBS") or os.cpu_count() or 1)
SOURCES = ("include", "sdk", "examples", "tests", "bindings", "bench")
COROUTINES = ("examples", "tests", "sdk/cli")
COROUTINE = re.compile(r"\bco_(await|return|yield)\b")
MATCHERS = os.path.join(ROOT, "cmake", "gcc12-coroutines.query")


def files_in(folders, suffixes):
    for folder in folders:
        for directory, inner, files in os.walk(os.path.join(ROOT, folder)):
            inner.sort()
            for name in sorted(files):
                if name.endswith(suffixes):
                    yield os.path.join(directory, name)


def short(path):
    return os.path.relpath(path, ROOT)


def run(command):
    """(exit code, everything it printed)"""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            check=False,
            text=True,
            errors="replace",
        )
    except FileNotFoundError:
        return 127, f"{command[0]} is not installed; './dev setup' installs it"
    return done.returncode, done.stdout


def each_of(files, check):
    """Runs check(file) for all, JOBS at a time; check returns what is wrong, or nothing."""
    wrong = []
    with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
        for file, text in zip(files, pool.map(check, files)):
            if text:
                wrong.append(f"{short(file)}:\n{text.rstrip()}")
    return wrong


# --- compile commands ----------------------------------------------------------------------------


def clang_command(command):
    """A command of g++ as clang's tools understand it.

    Without warnings, which are the compilers' business; without the precompiled header, which is in
    g++'s own format, but with what it includes.
    """
    arguments = shlex.split(command)
    while not re.search(r"(\+\+|cc|clang)[-0-9.]*$", arguments[0]):
        arguments.pop(0)  # the compiler launcher
    kept = ["clang++", "-w"]
    takes_next = False
    for argument in arguments[1:]:
        if takes_next:
            takes_next = False
            if argument.endswith("cmake_pch.hxx"):
                kept += ["-include", os.path.join(ROOT, "tests", "support", "pch.hpp")]
            else:
                kept += ["-include", argument]
        elif argument == "-include":
            takes_next = True
        elif not argument.startswith("-W"):
            kept.append(argument)
    return kept


def write_compile_commands():
    """Writes the commands for clang's tools; returns (their directory, the files they are for)."""
    with open(os.path.join(BUILD, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    for each in commands:
        each["arguments"] = clang_command(each.pop("command"))
        each.pop("output", None)
    directory = os.path.join(BUILD, "lint")
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, "compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(commands, file, indent=1)
    return directory, {os.path.normpath(each["file"]) for each in commands}


# --- steps: each returns how many files it read, and what is wrong --------------------------------


def check_format(fix=False):
    files = list(files_in(SOURCES, (".hpp", ".cpp", ".h", ".c")))
    if not files:
        return 0, []
    how = ["-i"] if fix else ["--dry-run", "-Werror"]
    code, text = run(["clang-format-14", "--style=file", *how, *files])
    if not code:
        return len(files), []
    places = collections.Counter(
        short(line.partition(":")[0]) for line in text.splitlines() if ": error:" in line
    )
    wrong = [f"{file}: {count} places; './dev fmt' does it" for file, count in places.items()]
    return len(files), wrong or [text]


def check_layers():
    code, text = run([sys.executable, "-B", "tests/architecture/layers.py"])
    read = re.search(r"(\d+) files read", text)
    return int(read.group(1)) if read else 0, [text] if code else []


def check_shell():
    scripts = [os.path.join(ROOT, "dev"), os.path.join(ROOT, ".ci", "run")]
    scripts += files_in((*SOURCES, "cmake", "docs"), (".sh",))
    code, text = run(["shellcheck", *scripts])
    return len(scripts), [text] if code else []


def check_coroutines():
    directory, known = write_compile_commands()

    def has_coroutine(file):
        with open(file, encoding="utf-8", errors="replace") as opened:
            return COROUTINE.search(opened.read())

    def check(file):
        if file not in known:
            return "not part of the build, so that nobody can tell how to read it"
        code, text = run(["clang-query-14", "-p", directory, "-f", MATCHERS, file])
        # clang-query exits with 0 whatever it finds, and also if it cannot read the file.
        counts = re.findall(r"^(\d+) match(?:es)?\.$", text, re.MULTILINE)
        with open(MATCHERS, encoding="utf-8") as opened:
            expected = sum(line.startswith("m ") for line in opened)
        clean = counts == ["0"] * expected and not re.search(r"\berror:", text)
        return None if code == 0 and clean else text

    files = [file for file in files_in(COROUTINES, (".cpp",)) if has_coroutine(file)]
    return len(files), each_of(files, check)


def check_tidy():
    directory, known = write_compile_commands()

    def check(file):
        code, text = run(["clang-tidy-14", "--quiet", "-p", directory, file])
        noise = re.compile(r"\d+ warnings? (generated|treated as errors?)")
        lines = [line for line in text.splitlines() if not noise.match(line)]
        return "\n".join(lines).replace(ROOT + os.sep, "") if code else None

    files = [
        file
        for file in files_in(("sdk",), (".cpp",))
        # Nothing in it is ours.
        if file in known and not file.endswith(os.path.join("net", "asio_impl.cpp"))
    ]
    return len(files), each_of(files, check)


STEPS = {
    "format": check_format,
    "layers": check_layers,
    "shell": check_shell,
    "coroutines": check_coroutines,
    "tidy": check_tidy,
}


def main():
    parser = argparse.ArgumentParser(
        prog="./dev lint", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("steps", nargs="*", metavar="STEP", help=", ".join(STEPS))
    parser.add_argument("--fix", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = [step for step in options.steps if step not in STEPS]
    if unknown:
        parser.error(f"no step '{unknown[0]}'; there are: {', '.join(STEPS)}")
    if options.fix:
        check_format(fix=True)
        read, wrong = check_format(fix=True)  # what the first pass broke may fit better now
        print("\n".join(wrong) if wrong else f"formatted {read} files")
        return 1 if wrong else 0

    failed = []
    for name in options.steps or STEPS:
        begin = time.monotonic()
        read, wrong = STEPS[name]()
        for each in wrong:
            print(each)
        verdict = f"{len(wrong)} findings" if wrong else "ok"
        print(f"lint {name}: {verdict}, {read} files, {time.monotonic() - begin:.1f} s", flush=True)
        if wrong:
            failed.append(name)
    if failed:
        print(f"lint: failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
