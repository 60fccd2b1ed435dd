#!/usr/bin/env python3
"""Builds the wheel, installs it into an empty environment, and takes a first lock with what is there.

    wheel_test.py [ARGUMENTS OF PIP WHEEL...]

Exit 77: what pip needs cannot be fetched, so that there is nothing to test.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

PACKAGE = pathlib.Path(__file__).resolve().parents[1]
SKIPPED = 77

FIRST_LOCK = """
import leasehold.testing
with leasehold.testing.EmbeddedServer() as server, server.connect() as client:
    with client.lock("/orders/42", budget=10, wait=2) as lock:
        assert lock.valid and lock.token > 0
        print(leasehold.__version__, leasehold.__file__)
"""

FIXTURE = """
def test_the_fixture_comes_by_itself(leasehold_server):
    with leasehold_server.connect() as client, client.lock("/p") as lock:
        assert lock.valid
"""


def run(*command, **options):
    """Its output; ends the test if it fails."""
    done = subprocess.run(
        [str(each) for each in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stdout}")
    return done.stdout


def can_fetch(pip, directory):
    """Whether pip gets at packages at all: asked with the smallest one that is needed."""
    command = [pip, "-q", "download", "--retries", "1", "--timeout", "10", "--no-deps", "pycparser"]
    done = subprocess.run(
        [*map(str, command), "-d", str(directory)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"skipped: pip cannot fetch packages:\n{done.stdout}")
    return done.returncode == 0


def check_links(environment):
    """What the library needs comes with it, but for what every Linux has; TLS is left to the system,
    which mends it."""
    module = next(environment.rglob("_leasehold.abi3.so"))
    for line in run("ldd", module).splitlines():
        name, _, where = line.strip().partition(" => ")
        is_common = re.match(r"(/|linux-vdso|lib(c|m|stdc\+\+|gcc_s|pthread|ssl|crypto)\.so)", name)
        assert is_common or str(environment) in where, line


def main():
    # The build tree's package must not be found in place of the installed one.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment.setdefault("CMAKE_BUILD_PARALLEL_LEVEL", "2")
    with tempfile.TemporaryDirectory() as scratch:
        directory = pathlib.Path(scratch)
        run(sys.executable, "-m", "venv", directory / "venv", env=environment)
        pip, python = (directory / "venv" / "bin" / each for each in ("pip", "python"))
        if not can_fetch(pip, directory):
            return SKIPPED
        run(
            *(pip, "wheel", "--no-deps", "-w", directory / "wheels", *sys.argv[1:], PACKAGE),
            env=environment,
        )
        (wheel,) = (directory / "wheels").glob("leasehold-*.whl")
        print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
        names = zipfile.ZipFile(wheel).namelist()
        for wanted in ("_leasehold.abi3.so", "_leasehold_testing.abi3.so", "py.typed", "__init__.py"):
            assert f"leasehold/{wanted}" in names, names
        assert not any("tests" in name for name in names), names
        run(pip, "install", wheel, "pytest", env=environment)
        said = run(python, "-I", "-c", FIRST_LOCK, cwd=directory, env=environment)
        assert str(directory) in said, said
        print(said, end="")
        check_links(directory / "venv")
        test = directory / "test_fixture.py"
        test.write_text(FIXTURE, encoding="utf-8")
        print(run(python, "-m", "pytest", "-q", test, cwd=directory, env=environment))
    return 0


if __name__ == "__main__":
    sys.exit(main())
