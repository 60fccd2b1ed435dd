"""What leasehold costs whoever builds with it: compiling a file that takes one lock, and the shared
library."""

import json
import os
import resource
import shlex
import shutil
import subprocess
import tempfile
import time

import bars
from contest import Failed

TITLE = "A user's compile, and the shared library"
ONCE = True
PROGRAMS = {"static library": "bench_one_lock", "shared library": "bench_one_lock_shared"}
COMPILE_S = 3.0
LIBRARY_MB = 4.0
MB = 1e6


def run(rivals, is_quick, progress):
    rounds = 3 if is_quick else 7
    library = os.path.realpath(os.path.join(rivals.build, "sdk", "library", "libleasehold.so"))
    commands = {against: command_of(rivals.build, of) for against, of in PROGRAMS.items()}
    seconds = {against: [] for against in commands}
    for number in range(rounds):
        for against, command in commands.items():
            progress(f"compiles, {against}, {number + 1} of {rounds}")
            seconds[against].append(compile_once(rivals.build, command))
    figures = {
        "compile": seconds,
        "library_mb": os.path.getsize(library) / MB,
        "stripped_mb": stripped_size(library) / MB,
    }
    return figures | {"bars": judge(figures)}


def command_of(build, target):
    """As CMake compiles it; where the object goes is ours to say."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        known = json.load(file)
    for each in known:
        words = shlex.split(each["command"])
        output = words[words.index("-o") + 1]
        if f"/{target}.dir/" in output:
            return words
    raise Failed(f"nobody knows how {target} is compiled in {build}")


def compile_once(build, command):
    """Seconds by the clock, and of the processor: others may have kept it busy."""
    with tempfile.TemporaryDirectory() as directory:
        words = list(command)
        words[words.index("-o") + 1] = os.path.join(directory, "object.o")
        used = children_seconds()
        begin = time.monotonic()
        done = subprocess.run(
            words,
            cwd=build,
            env=os.environ | {"CCACHE_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(f"{words[0]}: {done.stderr.strip()}")
        return {"clock": time.monotonic() - begin, "cpu": children_seconds() - used}


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def stripped_size(library):
    with tempfile.TemporaryDirectory() as directory:
        copy = shutil.copy(library, directory)
        done = subprocess.run(["strip", copy], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failed(f"strip: {done.stderr.strip()}")
        return os.path.getsize(copy)


def middle(runs, kind):
    return sorted(each[kind] for each in runs)[len(runs) // 2]


def judge(figures):
    """The compiler is one thread: its processor's time is what it takes where nothing else runs."""
    found = [
        bars.at_most(f"compile of one lock, {against}", middle(runs, "cpu"), COMPILE_S, "s")
        for against, runs in figures["compile"].items()
    ]
    found.append(bars.at_most("shared library, stripped", figures["stripped_mb"], LIBRARY_MB, "MB"))
    return found


def show(figures):
    for against, runs in figures["compile"].items():
        clocks = [each["clock"] for each in runs]
        print(
            f"  compile of one lock, {against}: {middle(runs, 'clock'):.2f} s "
            f"({min(clocks):.2f} to {max(clocks):.2f}; {middle(runs, 'cpu'):.2f} s of the processor)"
        )
    print(
        f"  shared library: {figures['library_mb']:.2f} MB, stripped {figures['stripped_mb']:.2f} MB"
    )
    bars.show(figures["bars"])


def draw(axis, figures):
    bars.draw(axis, figures["bars"])
