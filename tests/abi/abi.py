#!/usr/bin/env python3
"""The binary interface of leasehold.h and testing.h: what a program was compiled with.

    abi.py              compares it with the snapshot of this version; exit 1 if it is another
    abi.py --update     writes the snapshot

The snapshot is tests/abi/SOVERSION.txt: values of enums, layouts of structs as the compiler sees them,
signatures. Programs that were linked with a soname rely on all of it, so once a version has been
released a line may be added to its snapshot, and none be changed or taken away.
"""

import argparse
import difflib
import os
import re
import subprocess
import sys
import tempfile

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HEADERS = ("leasehold.h", "testing.h")
COMMAND = "python3 tests/abi/abi.py --update"


class Unreadable(Exception):
    """The header has something that this does not understand."""


def so_version(source=SOURCE):
    """The version in the soname, as sdk/library/CMakeLists.txt makes it."""
    with open(os.path.join(source, "CMakeLists.txt"), encoding="utf-8") as file:
        major, minor = re.search(r"\bVERSION (\d+)\.(\d+)\.\d+", file.read()).groups()
    return f"0.{minor}" if major == "0" else major


def read_header(path):
    """Its declarations: no comments, no preprocessor, single spaces."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)
    text = re.sub(r"^[ \t]*#.*(\\\n.*)*$", " ", text, flags=re.MULTILINE)
    text = text.replace('extern "C" {', " ")
    return re.sub(r"\s+", " ", text)


def enums_of(text):
    for name, body in re.findall(r"typedef enum (\w+) \{(.*?)\} \1;", text):
        yield name, re.findall(r"(\w+)\s*(?:=[^,]*)?(?:,|$)", body.strip().rstrip(","))


def structs_of(text):
    for name, body in re.findall(r"typedef struct (\w+) \{(.*?)\} \1;", text):
        fields = []
        for field in filter(None, map(str.strip, body.split(";"))):
            match = re.fullmatch(r"([\w ]+?[ *]+)(\w+)", field)
            if not match:
                raise Unreadable(f"{name}: {field}")
            fields.append((match.group(2), match.group(1).strip()))
        yield name, fields


def split_parameters(text):
    """At the commas that are not inside the parentheses of a function pointer."""
    parts, depth, begin = [], 0, 0
    for i, letter in enumerate(text):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(text[begin:i].strip())
            begin = i + 1
    return [*parts, text[begin:].strip()]


def without_name(parameter):
    """The type alone: a parameter may be called something else without harm."""
    pointer = re.fullmatch(r"(.*?)\(\*\w*\)\((.*)\)", parameter)
    if pointer:
        inner = ", ".join(map(without_name, split_parameters(pointer.group(2))))
        return f"{pointer.group(1).strip()} (*)({inner})"
    named = re.fullmatch(r"(.*[\s*])(\w+)", parameter)
    return named.group(1).strip() if named else parameter


def functions_of(text):
    declarations = re.findall(r"LH_API ([^;]*?)\b(lh_\w+)\(([^;]*)\);", text)
    if len(declarations) != text.count("LH_API "):
        raise Unreadable("a declaration behind LH_API")
    for returned, name, parameters in declarations:
        types = ", ".join(map(without_name, split_parameters(parameters)))
        yield name, f"{returned.strip()} {name}({types})"


def callbacks_of(text):
    for returned, name, parameters in re.findall(r"typedef (\w+) \(\*(\w+)\)\(([^;]*)\);", text):
        types = ", ".join(map(without_name, split_parameters(parameters)))
        yield f"{returned} (*{name})({types})"


def constants_of(path):
    """Names of the macros that have a value."""
    with open(path, encoding="utf-8") as file:
        return re.findall(r"^#define (LH_\w+) [A-Z0-9(]", file.read(), re.MULTILINE)


def printer_of(text, header, constants):
    """A program in C that prints what only the compiler knows."""
    lines = [f"#include <leasehold/{header}>", "#include <stdio.h>", "int main(void) {"]
    for name in constants:
        lines.append(f'printf("constant {name} = %llu\\n", (unsigned long long)({name}));')
    for kind, name in re.findall(r"typedef (\w+) (lh_\w+);", text):
        lines.append(f'printf("type {kind} {name}: %zu bytes\\n", sizeof({name}));')
    for enum, names in enums_of(text):
        lines.append(f'printf("enum {enum}: %zu bytes\\n", sizeof(enum {enum}));')
        lines += [f'printf("    {name} = %lld\\n", (long long){name});' for name in names]
    for struct, fields in structs_of(text):
        lines.append(f'printf("struct {struct}: %zu bytes\\n", sizeof({struct}));')
        for name, kind in fields:
            lines.append(
                f'printf("    at %zu: {kind} {name}, %zu bytes\\n", offsetof({struct}, {name}), '
                f"sizeof((({struct}*)0)->{name}));"
            )
    return "\n".join([*lines, "return 0; }"])


def snapshot(include, compiler="cc"):
    """The lines that describe the headers below `include`."""
    lines = []
    for header in HEADERS:
        path = os.path.join(include, "leasehold", header)
        text = read_header(path)
        with tempfile.TemporaryDirectory() as directory:
            program = os.path.join(directory, "printer")
            with open(program + ".c", "w", encoding="utf-8") as file:
                file.write(printer_of(text, header, constants_of(path)))
            subprocess.run(
                [compiler, "-std=c99", f"-I{include}", program + ".c", "-o", program], check=True
            )
            printed = subprocess.run([program], check=True, stdout=subprocess.PIPE, text=True)
        lines += [f"# {header}", *printed.stdout.splitlines()]
        lines += [f"callback {each}" for each in callbacks_of(text)]
        lines += [f"function {each}" for _, each in functions_of(text)]
    return lines


def declared(include, header):
    """Names of the functions of one header."""
    text = read_header(os.path.join(include, "leasehold", header))
    return {name for name, _ in functions_of(text)}


def exported(library):
    """Names of the symbols that a shared library defines for others."""
    done = subprocess.run(
        ["nm", "-D", "--defined-only", library], check=True, stdout=subprocess.PIPE, text=True
    )
    symbols = (line.split() for line in done.stdout.splitlines())
    return {words[2].partition("@")[0] for words in symbols if words[1] != "A"}


def compare(known, current):
    """What is wrong with `current` for programs that were compiled with `known`; a list of lines."""
    lines = list(difflib.unified_diff(known, current, "released", "now", lineterm="", n=1))
    if not lines:
        return []
    is_broken = any(line.startswith("-") for line in lines[2:])
    verdict = (
        "the ABI is broken: raise the version that is in the soname (CMakeLists.txt)"
        if is_broken
        else "the ABI has more than its snapshot"
    )
    return [verdict, *lines, f"if that is meant: {COMMAND}"]


def check(include, folder, version, compiler="cc"):
    """compare() with the snapshot of `version` in `folder`."""
    path = os.path.join(folder, f"{version}.txt")
    if not os.path.exists(path):
        return [f"there is no snapshot of ABI {version}", f"write it: {COMMAND}"]
    with open(path, encoding="utf-8") as file:
        return compare(file.read().splitlines(), snapshot(include, compiler))


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--update", action="store_true", help="write the snapshot")
    arguments = parser.parse_args()
    include = os.path.join(SOURCE, "include")
    folder = os.path.join(SOURCE, "tests", "abi")
    if arguments.update:
        with open(os.path.join(folder, f"{so_version()}.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(snapshot(include)) + "\n")
        return 0
    wrong = check(include, folder, so_version())
    print("\n".join(wrong or [f"ABI {so_version()}: as released"]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
