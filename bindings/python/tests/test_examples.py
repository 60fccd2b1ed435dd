"""The examples run, on a real server; the README quotes them, which docs.quotes checks."""

import os
import subprocess
import sys

import pytest

from conftest import TESTS

EXAMPLES = TESTS.parent / "examples"


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-B", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
        check=True,
        env=os.environ,
    ).stdout


@pytest.mark.parametrize(
    "name, said",
    [
        ("first_lock", "fencing token"),
        ("async_lock", "cancelled at its deadline"),
        ("guarded_call", "unknown"),
    ],
)
def test_an_example_says_what_it_should(real_hosts, name, said):
    assert said in run(EXAMPLES / f"{name}.py", real_hosts)


def test_the_example_with_the_fixture_passes():
    plugin = ["-p", "leasehold.pytest_plugin", "-p", "no:cacheprovider"]
    assert "1 passed" in run("-m", "pytest", "-q", *plugin, EXAMPLES / "test_shipping.py")
