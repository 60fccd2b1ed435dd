"""What a program's commands cost, counted by valgrind: instructions in user space, and allocations.

Each is counted in two runs, in one of which the command does more: what is left of the difference is the
command's own, without the start and the end of the program."""

import json
import os
import re
import subprocess
import tempfile

from contest import Contestant, Failed

ANNOTATED = re.compile(r"^\s*([\d,]+)\s+([^:\s][^:]*):(.+?)(?: \[([^\]]*)\])?$")
FRAME = re.compile(r"^0x[0-9A-F]+: (.*?) \(([^()]*)\)$")

MALLOC = "malloc and free"
# Who a function belongs to: the first that its name, or else its file or object, contains.
PARTS = (
    ("google::protobuf", "protobuf"),
    ("leasehold::v1", "protobuf"),
    ("leasehold::core", "core"),
    ("leasehold::wire", "wire"),
    ("leasehold::net", "net"),
    ("leasehold::bench", "the benchmark"),
    ("nlohmann", "the benchmark"),
    ("leasehold::", "client"),
    ("boost::asio", "Asio"),
    ("boost::", "Asio"),
    ("malloc.c", MALLOC),
    ("arena.c", MALLOC),
    ("operator new", MALLOC),
    ("operator delete", MALLOC),
    ("ld-linux", "libc, libstdc++"),
    ("libc.so", "libc, libstdc++"),
    ("libstdc++", "libc, libstdc++"),
    ("std::", "std of ours"),
)


def part_of(*where):
    for each in where:
        for text, part in PARTS:
            if text in (each or ""):
                return part
    return "other"


def instructions(program, fewer, more):
    """`fewer` and `more`: how often it is done, and the command. Per one: all, by part, and for
    functions their own (`self`) and with what they call (`inclusive`)."""
    runs = {}
    with tempfile.TemporaryDirectory() as directory:
        for name, (_, command) in (("fewer", fewer), ("more", more)):
            file = os.path.join(directory, name)
            watch(["--tool=callgrind", f"--callgrind-out-file={file}"], program, command)
            runs[name] = {
                kind: annotated(annotate(file, kind == "inclusive")) for kind in ("self", "inclusive")
            }
    times = more[0] - fewer[0]
    own = per_one(runs["fewer"]["self"], runs["more"]["self"], times)
    parts = {}
    for (file, name, of), count in own.items():
        part = part_of(name, file, of)
        parts[part] = parts.get(part, 0) + count
    inclusive = per_one(runs["fewer"]["inclusive"], runs["more"]["inclusive"], times)
    return {
        "all": sum(own.values()),
        "parts": dict(sorted(parts.items(), key=lambda each: -each[1])),
        "self": top({name: count for (_, name, _), count in own.items()}),
        "inclusive": top({name: count for (_, name, _), count in inclusive.items()}),
    }


def allocations(program, fewer, more):
    """The same of allocations: all, bytes, and sites with their blocks."""
    blocks, size = heap(program, fewer, more, "tbk", "tb")
    return {"all": sum(blocks.values()), "bytes": sum(size.values()), "sites": top(blocks)}


def holdings(program, fewer, more):
    """What is held when most is: blocks, bytes, and sites with their bytes."""
    blocks, size = heap(program, fewer, more, "gbk", "gb")
    return {"blocks": sum(blocks.values()), "bytes": sum(size.values()), "sites": top(size)}


def heap(program, fewer, more, *kinds):
    """{site: per one} for each kind of figure that dhat has."""
    runs = []
    with tempfile.TemporaryDirectory() as directory:
        for number, (_, command) in enumerate((fewer, more)):
            file = os.path.join(directory, str(number))
            watch(["--tool=dhat", "--num-callers=30", f"--dhat-out-file={file}"], program, command)
            with open(file, encoding="utf-8") as opened:
                runs.append(json.load(opened))
    times = more[0] - fewer[0]
    return [per_one(*(sites(run, kind) for run in runs), times) for kind in kinds]


def watch(options, program, command):
    try:
        watched = Contestant(f"valgrind {options[0]}", ["valgrind", "-q", *options, *program])
    except OSError as error:
        raise Failed(f"valgrind: {error.strerror}") from error
    try:
        watched.ask(*command)
    finally:
        watched.stop()


def annotate(file, is_inclusive):
    command = ["callgrind_annotate", "--threshold=100", "--auto=no", "--show-percs=no"]
    if is_inclusive:
        command.append("--inclusive=yes")
    done = subprocess.run([*command, file], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"callgrind_annotate: {done.stderr.strip()}")
    return done.stdout


def annotated(text):
    """{(file, function, object): instructions} of callgrind_annotate's list."""
    counts = {}
    for line in text.splitlines():
        found = ANNOTATED.match(line)
        if found:
            place = (found[2], found[3], found[4])
            counts[place] = counts.get(place, 0) + int(found[1].replace(",", ""))
    return counts


def sites(document, kind):
    """{where: figure} of what dhat wrote: the innermost function of ours, or else of all."""
    frames = [FRAME.match(each) for each in document["ftbl"]]
    found = {}
    for point in document["pps"]:
        stack = [frames[index][1] for index in point["fs"] if frames[index]]
        site = next((each for each in stack if is_ours(each)), stack[-1])
        found[site] = found.get(site, 0) + point[kind]
    return found


def is_ours(function):
    """Not merely made for a type of ours, such as a container of it."""
    name = re.split("[<(]", function, maxsplit=1)[0]
    return "leasehold::" in name and "leasehold::bench" not in name


def per_one(fewer, more, times):
    """What the difference is made of, for one of `times`."""
    return {
        key: (more.get(key, 0) - fewer.get(key, 0)) / times for key in fewer.keys() | more.keys()
    }


def top(counts, most=60):
    """[[count, name]], the greatest first; without those that do not happen each time."""
    wanted = sorted(((count, name) for name, count in counts.items() if count >= 0.5), reverse=True)
    return [[count, name] for count, name in wanted[:most]]


def short(name):
    """A function's name without its parameters and the arguments of templates."""
    name = name.replace("(anonymous namespace)::", "").replace("operator()", "operator")
    if is_ours(name):
        name = name[name.index("leasehold::") :]  # without what it returns
    elif "leasehold::" in name:
        inner = name[name.index("leasehold::") :]
        return f"{re.split('[<(]', name)[0]} of {re.split('[<(,>]', inner)[0]}"
    kept, depth = "", 0
    for each in name:
        if each in "<(":
            depth += 1
        elif each in ">)":
            depth -= 1
        elif depth == 0:
            kept += each
    return kept.removesuffix(" const").replace("::{lambda#", " lambda ").replace("}", "")


def show(counts, most):
    for count, name in counts[:most]:
        print(f"    {count:>9,.1f}  {short(name)[:88]}")
