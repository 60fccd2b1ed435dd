#!/usr/bin/env python3
"""Builds the contestants that come from the registries of Go and Rust, into build/peers. One that cannot
be had takes no part, and the reason is kept beside it.

    peers.py        what './dev bench --peers' runs first; exit 0 whoever is missing
"""

import contextlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
sys.path[:0] = [os.path.join(ROOT, "cmake", "dev")]

import etcd_servers  # noqa: E402

DIRECTORY = os.path.join(ROOT, "build", "peers")
GO_SOURCES = os.path.join(HERE, "contestants", "go")
RUST_SOURCES = os.path.join(HERE, "contestants", "rust")
BUILD_S = 600

GO_ZOOKEEPER = "go-zookeeper"
ETCD = "etcd"
ZOOKEEPER_CLIENT = "zookeeper-client"
NAMES = (GO_ZOOKEEPER, ETCD, ZOOKEEPER_CLIENT)


def program(name):
    if name == ZOOKEEPER_CLIENT:
        return os.path.join(DIRECTORY, "cargo", "release", "bench-zookeeper-client")
    return os.path.join(DIRECTORY, "go", name)


def build_command(name):
    """(the command, where it runs)"""
    if name == ZOOKEEPER_CLIENT:
        target = os.path.join(DIRECTORY, "cargo")
        return ["cargo", "build", "--quiet", "--release", "--locked", "--target-dir", target], RUST_SOURCES
    package = "./" + name.replace("-", "_")
    return ["go", "build", "-buildvcs=false", "-o", program(name), package], GO_SOURCES


def reason_file(name):
    return os.path.join(DIRECTORY, f"{name}.reason")


def why_absent(name):
    """None if it can take part."""
    if name == ETCD and not etcd_servers.program():
        return "there is no etcd server"
    if os.access(program(name), os.X_OK):
        return None
    with contextlib.suppress(OSError):
        with open(reason_file(name), encoding="utf-8") as file:
            return file.read().strip()
    return "it was not built; './dev bench --peers' does"


def absent():
    """{name: why}"""
    return {name: why for name in NAMES if (why := why_absent(name))}


def build(name):
    """Makes its program, or writes down why there is none."""
    os.makedirs(DIRECTORY, exist_ok=True)
    why = why_build_fails(*build_command(name))
    if why is None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(reason_file(name))
        return
    # What an earlier run has built is not what the sources say now.
    with contextlib.suppress(FileNotFoundError):
        os.unlink(program(name))
    with open(reason_file(name), "w", encoding="utf-8") as file:
        file.write(why + "\n")


def why_build_fails(command, directory):
    """None if it does not."""
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            # Go is not to fetch a newer one of itself.
            env=os.environ | {"GOTOOLCHAIN": "local"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=BUILD_S,
            check=False,
        )
    except FileNotFoundError:
        return f"there is no {command[0]}"
    except subprocess.TimeoutExpired:
        return f"{command[0]} has not built it in {BUILD_S} s"
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).strip().splitlines()
    return f"{command[0]} cannot build it: {said[-1].strip() if said else 'it says nothing'}"


def main():
    for name in NAMES:
        build(name)
    for name, why in absent().items():
        print(f"dev: no {name} to be had, it takes no part: {why}", file=sys.stderr)


if __name__ == "__main__":
    main()
