#!/usr/bin/env python3
"""Reads the #include lines of every source and reports the arrows that must not exist.

    layers.py [ROOT]

Everything that decides is pure, and thin shells lie around it: that holds only as long as no pure
layer can see a socket, a thread, a clock or a random source. Prints "file:line: what [rule]" for
each finding; exit 0 without, 1 with findings.
"""

import os
import re
import sys
from dataclasses import dataclass, field

SUFFIXES = (".hpp", ".cpp", ".h", ".c", ".ipp", ".cc")
TOPS = ("include", "sdk", "examples", "tests", "bindings", "bench")

# Layer -> the layers of ours that it may include. "public" is include/leasehold, "proto" what
# protobuf generates. Tests may include everything but the command line.
MAY_INCLUDE = {
    "wire": {"wire"},
    "core": {"wire", "core", "public"},
    "net": {"wire", "core", "net", "public"},
    "client": {"wire", "core", "net", "client", "public", "proto"},
    "server": {"wire", "server", "public"},
    "embedded": {"wire", "server", "net", "embedded", "public"},
    "capi": {"client", "capi", "public"},
    "cli": {"wire", "core", "client", "embedded", "cli", "public", "proto"},
    "public": {"public"},
    "examples": {"examples", "public"},
    "bindings": {"bindings", "public"},
    "bench": {"wire", "bench", "public"},
    "bench/inprocess": {"wire", "core", "bench/inprocess", "public"},
    "tests": {"wire", "core", "net", "client", "server", "embedded", "capi", "public", "proto", "tests"},
    "tests/fuzz": {"wire", "core", "client", "cli", "public", "proto", "tests"},
    "tests/unit/cli": {"wire", "core", "client", "cli", "public", "proto", "tests"},
}

PURE = {"wire", "core", "server"}  # no socket, thread, clock or random source; see as far as headers go
IMPURE_STANDARD = {
    "barrier",
    "condition_variable",
    "future",
    "latch",
    "mutex",
    "random",
    "semaphore",
    "shared_mutex",
    "stop_token",
    "thread",
}
IMPURE_SYSTEM = re.compile(
    r"(sys/(socket|epoll|select|un|random|time|timerfd|eventfd)|netinet/.*|arpa/.*|netdb|poll"
    r"|pthread|time|ctime)(\.h)?"
)
ASIO = re.compile(r"(boost/)?asio(\.hpp|/.*)|boost/(beast|process)(\.hpp|/.*)")

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)
COROUTINE = re.compile(r"\bco_(await|return|yield)\b")
IMPURE_CALL = re.compile(
    r"_clock::now\s*\(|\brandom_device\b|\bclock_gettime\b|\bgettimeofday\b|\bgetrandom\b"
    r"|\bstd::(rand|time)\b|\bsystem_clock\b|\bthis_thread\b"
)
COMMENT_OR_STRING = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<end>[^\s()\\]{0,16})\(.*?\)(?P=end)"'
    r"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'",
    re.DOTALL,
)


@dataclass
class Source:
    """One file: what it includes, and its code without comments and strings."""

    path: str
    layer: str
    includes: list = field(default_factory=list)  # (line, name)
    code: str = ""


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text} [{self.rule}]"


def blanked(text, keep_strings):
    """The text with comments, and strings unless kept, replaced by their line breaks."""

    def replacement(match):
        found = match.group()
        is_comment = found.startswith(("//", "/*"))
        return found if keep_strings and not is_comment else "\n" * found.count("\n")

    # A digit separator, as in 10'000, is no quote.
    return COMMENT_OR_STRING.sub(replacement, re.sub(r"(?<=\d)'(?=\d)", "", text))


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def layer_of(path):
    parts = path.split("/")
    if parts[0] == "include":
        return "public"
    if parts[0] == "sdk":
        return parts[1] if len(parts) > 2 else "sdk"
    if parts[:3] == ["tests", "unit", "cli"]:
        return "tests/unit/cli"
    if parts[:2] == ["tests", "fuzz"]:
        return "tests/fuzz"
    if parts[:2] == ["bench", "inprocess"]:
        return "bench/inprocess"
    return parts[0]


def read_tree(root):
    sources = {}
    for top in TOPS:
        for directory, inner, files in os.walk(os.path.join(root, top)):
            inner.sort()  # which of two files is the second must not depend on the disk
            for name in sorted(files):
                if not name.endswith(SUFFIXES):
                    continue
                full = os.path.join(directory, name)
                path = os.path.relpath(full, root).replace(os.sep, "/")
                with open(full, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                source = Source(path, layer_of(path))
                with_strings = blanked(text, keep_strings=True)
                for match in INCLUDE.finditer(with_strings):
                    line = line_of(with_strings, match.end())
                    source.includes.append((line, match.group(1) or match.group(2)))
                source.code = blanked(text, keep_strings=False)
                sources[path] = source
    return sources


def resolve(source, name, sources):
    """(layer, path) of what is included: ours with a path, generated without, or (None, None)."""
    if name.endswith(".pb.h"):
        return "proto", None
    beside = os.path.normpath(os.path.join(os.path.dirname(source.path), name))
    for path in (name, f"include/{name}", beside):
        path = os.path.normpath(path).replace(os.sep, "/")
        if path in sources:
            return sources[path].layer, path
    if name.startswith("sdk/"):
        return layer_of(name), None
    if name.startswith("leasehold/"):
        return "public", None
    return None, None


def impurity(name):
    if ASIO.fullmatch(name):
        return "Asio"
    if name in IMPURE_STANDARD or IMPURE_SYSTEM.fullmatch(name):
        return f"<{name}>"
    return None


def impurities(path, sources, known, trail=()):
    """Everything impure that including `path` brings in: {what: the chain of includes to it}."""
    if path in known:
        return known[path]
    if path in trail:
        return {}
    found = {}
    for _, name in sources[path].includes:
        what = impurity(name)
        if what:
            found.setdefault(what, (path,))
        _, target = resolve(sources[path], name, sources)
        if target:
            for what, chain in impurities(target, sources, known, (*trail, path)).items():
                found.setdefault(what, (path, *chain))
    if not trail:
        known[path] = found
    return found


def check_arrows(source, sources, report):
    allowed = MAY_INCLUDE.get(source.layer)
    if allowed is None:
        report(source, 1, "unknown-layer", f"no rule says what '{source.layer}' may include")
        return
    own_tests = {"tests", "tests/unit/cli", "tests/fuzz"}
    for line, name in source.includes:
        target, _ = resolve(source, name, sources)
        if target is None or target == source.layer or target in allowed:
            continue
        if target in own_tests and source.layer in own_tests:
            continue
        report(source, line, "arrow", f"{source.layer} must not include {target} ({name})")


def check_purity(source, sources, known, report):
    if source.layer not in PURE:
        return
    for line, name in source.includes:
        what = impurity(name)
        if what:
            rule = "asio" if what == "Asio" else "impure-include"
            report(source, line, rule, f"{source.layer} must not know {what}")
            continue
        target_layer, target = resolve(source, name, sources)
        # A header of a pure layer is reported itself.
        if target is None or target_layer in PURE:
            continue
        for what, chain in sorted(impurities(target, sources, known).items()):
            rule = "asio" if what == "Asio" else "impure-include"
            through = " -> ".join(chain)
            report(source, line, rule, f"{source.layer} must not know {what} (through {through})")
    for match in IMPURE_CALL.finditer(source.code):
        report(
            source,
            line_of(source.code, match.start()),
            "impure-call",
            f"'{match.group().strip()}' in {source.layer}: time and entropy are passed in",
        )


def check_coroutines(source, report):
    if not source.path.startswith("sdk/"):
        return
    for match in COROUTINE.finditer(source.code):
        report(
            source,
            line_of(source.code, match.start()),
            "coroutine",
            f"'{match.group()}' under sdk/: GCC 12 miscompiles common forms of it",
        )


def check_generated(sources, report):
    users = {}
    for source in sources.values():
        for line, name in source.includes:
            if name.endswith(".pb.h"):
                users.setdefault(name, []).append((source, line))
    for name, places in users.items():
        for source, line in places[1:]:
            first = places[0][0].path
            report(source, line, "protobuf", f"{name} is for one file only, and {first} has it")


def check(root):
    sources = read_tree(root)
    findings = set()
    known = {}

    def report(source, line, rule, text):
        findings.add(Finding(source.path, line, rule, text))

    for source in sources.values():
        check_arrows(source, sources, report)
        check_purity(source, sources, known, report)
        check_coroutines(source, report)
    check_generated(sources, report)
    return sources, sorted(findings)


def main(arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    root = arguments[0] if arguments else os.path.dirname(os.path.dirname(here))
    sources, findings = check(root)
    for finding in findings:
        print(finding)
    print(f"layers: {len(sources)} files read, {len(findings)} findings")
    # A tree without sources is a wrong path, not a clean tree.
    return 1 if findings or not sources else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
