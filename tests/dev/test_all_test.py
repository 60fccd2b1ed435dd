#!/usr/bin/env python3
"""The summary of './dev test --all': what it counts, and when it may say that all is well."""

import contextlib
import io
import os
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "cmake", "dev"))
import test_all  # noqa: E402  (found only once the path is set)

CASE = {
    "passed": '<testcase name="a" status="run"/>',
    "failed": '<testcase name="b" status="fail"><failure message=""/>'
    "<system-out>why it failed</system-out></testcase>",
    "skipped": '<testcase name="c" status="notrun"><skipped message=""/></testcase>',
    "disabled": '<testcase name="d" status="disabled"/>',
}


class Summary(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.results = os.path.join(directory.name, "junit.xml")

    def tier(self, verdict, *cases):
        tier = test_all.Tier("tier", [], "nowhere", {})
        tier.results = self.results
        tier.verdict = verdict
        if cases:
            with open(self.results, "w", encoding="utf-8") as file:
                file.write(f"<testsuite>{''.join(CASE[each] for each in cases)}</testsuite>")
        tier.count()
        return tier

    def lint(self, verdict):
        tier = test_all.Tier("lint", ["lint"], None, {})
        tier.log = self.results + ".log"
        tier.verdict = verdict
        tier.count()
        return tier

    def print_summary(self, *tiers):
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            good = test_all.summary(list(tiers), 1)
        return good, printed.getvalue()

    def judge(self, *tiers):
        good, printed = self.print_summary(*tiers)
        return good, printed.splitlines()[-1]

    def test_adds_up_the_tiers(self):
        first = self.tier("passed", "passed", "passed")
        second = self.tier("passed", "passed")
        good = self.judge(first, second, self.lint("passed"))
        self.assertEqual((True, "3 passed, 0 failed"), good)

    def test_names_what_was_skipped_or_disabled(self):
        tier = self.tier("passed", "passed", "skipped", "disabled")
        self.assertEqual((True, "1 passed, 0 failed, 2 skipped"), self.judge(tier))

    def test_a_failed_test_fails(self):
        tier = self.tier("failed (8)", "passed", "failed")
        self.assertEqual((False, "1 passed, 1 failed"), self.judge(tier))

    def test_a_tier_that_failed_before_its_tests_is_a_failure(self):
        good = self.tier("passed", "passed")
        os.unlink(self.results)
        broken = self.tier("failed (1)")
        self.assertEqual((False, "1 passed, 1 failed"), self.judge(good, broken))

    def test_failed_lint_is_a_failure(self):
        tier = self.tier("passed", "passed")
        self.assertEqual((False, "1 passed, 1 failed"), self.judge(tier, self.lint("failed (1)")))

    def test_tells_at_the_end_what_failed_and_why(self):
        tier = self.tier("failed (8)", "passed", "failed")
        _, printed = self.print_summary(tier)
        self.assertIn("--- tier: b\nwhy it failed\n", printed)

    def test_tells_at_the_end_how_a_tier_without_tests_failed(self):
        with open(self.results + ".log", "w", encoding="utf-8") as log:
            log.write("layers: an arrow points up\n")
        _, printed = self.print_summary(self.lint("failed (1)"))
        self.assertIn("--- lint: ./dev lint\nlayers: an arrow points up\n", printed)

    def test_running_no_test_is_a_failure(self):
        tier = self.tier("passed", "skipped")
        self.assertEqual("ran no test", tier.verdict)
        self.assertEqual((False, "0 passed, 1 failed, 1 skipped"), self.judge(tier))


if __name__ == "__main__":
    unittest.main()
