#!/usr/bin/env python3
"""'./dev fuzz' with programs that only pretend: what it counts, keeps and says."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "cmake", "dev"))
import fuzz  # noqa: E402  (found only once the path is set)

GOOD = """#!/bin/sh
echo "INFO: Loaded 1 modules   (200 inline 8-bit counters): 200"
echo "#7 NEW    cov: 42 ft: 70 corp: 3/9b"
case "$*" in *-max_total_time*)
    for folder in "$@"; do case "$folder" in -*) ;; *) : >"$folder/new"; break ;; esac; done
    echo "stat::number_of_executed_units: 1000" ;;
esac
"""
BAD = """#!/bin/sh
case "$*" in *-max_total_time*)
    echo "artifact_prefix='x'; Test unit written to $0-crash-1"
    echo "stat::number_of_executed_units: 5"
    exit 77 ;;
esac
"""
BROKEN = """#!/bin/sh
exit 3
"""


class Fuzz(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.build = directory.name
        for name, value in (
            ("BUILD", self.build),
            ("PROGRAMS", self.build),
            ("COMMITTED", os.path.join(self.build, "committed")),
            ("SOURCES", self.build),
        ):
            self.addCleanup(setattr, fuzz, name, getattr(fuzz, name))
            setattr(fuzz, name, value)
        with open(os.path.join(self.build, "seeds.py"), "w", encoding="utf-8"):
            pass

    def program(self, name, text):
        path = os.path.join(self.build, fuzz.PROGRAM + name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o755)

    def run_it(self, *arguments):
        self.addCleanup(setattr, sys, "argv", sys.argv)
        sys.argv = ["fuzz.py", "--seconds", "1", *arguments]
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            code = fuzz.main()
        return code, printed.getvalue()

    def test_counts_executions_and_what_is_new(self):
        self.program("path", GOOD)
        figures = os.path.join(self.build, "figures.json")
        code, printed = self.run_it("--json", figures)
        self.assertEqual(0, code)
        self.assertEqual("1 targets, 1.0e+03 executions, 0 findings", printed.splitlines()[-1])
        with open(figures, encoding="utf-8") as file:
            (target,) = json.load(file)
        self.assertEqual(
            ("path", 1000, 42, 200, 1, []),
            tuple(
                target[key]
                for key in ("target", "executions", "edges", "all_edges", "new_inputs", "findings")
            ),
        )

    def test_a_finding_fails_and_says_how_to_replay_it(self):
        self.program("path", GOOD)
        self.program("multi", BAD)
        code, printed = self.run_it()
        self.assertEqual(1, code)
        self.assertRegex(printed, r"finding: \S*fuzz_multi \S*crash-1")
        self.assertEqual("2 targets, 1.0e+03 executions, 1 findings", printed.splitlines()[-1])

    def test_a_program_that_does_not_run_is_no_success(self):
        self.program("path", BROKEN)
        code, printed = self.run_it()
        self.assertEqual(1, code)
        self.assertIn("path: ended with 3", printed)

    def test_only_the_targets_that_are_asked_for(self):
        self.program("path", GOOD)
        self.program("multi", BAD)
        code, printed = self.run_it("--target", "path")
        self.assertEqual(0, code)
        self.assertNotIn("multi", printed)

    def test_a_target_that_does_not_exist(self):
        self.program("path", GOOD)
        with contextlib.redirect_stderr(io.StringIO()) as errors, self.assertRaises(SystemExit):
            self.run_it("--target", "nothing")
        self.assertIn("there are: path", errors.getvalue())


if __name__ == "__main__":
    unittest.main()
