"""What the tests of an installed leasehold have in common: a prefix, and commands that are bounded."""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(SOURCE, "tests", "install")
BUILD = os.environ["LEASEHOLD_BUILD"]
CC = os.environ["LEASEHOLD_CC"]
CXX = os.environ["LEASEHOLD_CXX"]
LIBDIR = os.environ["LEASEHOLD_LIBDIR"]  # below the prefix
TOOL = os.environ["LEASEHOLD_TOOL"]
VERSION = os.environ["LEASEHOLD_VERSION"]
SOVERSION = os.environ["LEASEHOLD_SOVERSION"]
JOBS = os.environ.get("LEASEHOLD_JOBS", "2")
LIMIT_S = 400


def environment(**more):
    """Without what could let a consumer find anything but what it is told of."""
    left_out = ("CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "CPATH", "LIBRARY_PATH")
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    # Two trees of consumers share what they have compiled.
    return {**kept, "CCACHE_BASEDIR": SOURCE, "CCACHE_NOHASHDIR": "1", **more}


def run(*command, expected=0, cwd=None, **more):
    """What it printed; fails if it ended otherwise than expected (None: in any way)."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment(**more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=LIMIT_S,
        text=True,
        errors="replace",
        check=False,
    )
    if expected is not None and done.returncode != expected:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def install(prefix):
    """As a user does, from the build that is tested."""
    return run("cmake", "--install", BUILD, "--prefix", prefix)


class InstallTest(unittest.TestCase):
    """A directory for each test, gone with it."""

    inside = None  # where; by default among the temporary files

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="build-install-", dir=self.inside)
        self.addCleanup(directory.cleanup)
        self.directory = directory.name

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def configure(self, project, *arguments, expected=0, build="build"):
        launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
        return run(
            "cmake", "-G", "Ninja", "-S", os.path.join(HERE, project), "-B", self.path(build),
            f"-DCMAKE_C_COMPILER={CC}", f"-DCMAKE_CXX_COMPILER={CXX}", *launcher, *arguments,
            expected=expected,
        )  # fmt: skip

    def build(self, build="build", **more):
        return run("cmake", "--build", self.path(build), "--parallel", JOBS, **more)

    def assert_locks(self, *program, **more):
        self.assertIn(": locked", run(*program, **more))


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
