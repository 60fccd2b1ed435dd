#!/usr/bin/env python3
"""The verdicts of './dev model': a search that was cut short, or found nothing, is never a success."""

import contextlib
import io
import os
import sys
import unittest
from unittest import mock

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "model"))
import run  # noqa: E402  (found only once the path is set)

# What pan of Spin 6.5 prints, as far as it matters.
COUNTS = """
State-vector 36 byte, depth reached {depth}, errors: {errors}
  6368627 states, stored
 18010430 states, matched
"""
HOLDS = COUNTS.format(depth=26906, errors=0)
REFUTED = (
    "pan:1: assertion violated (tree==0) (at depth 22)\npan: wrote lease.pml.trail\n"
    "Warning: Search not completed\n" + COUNTS.format(depth=22, errors=1)
)
END_STATE = (
    "pan:1: invalid end state (at depth 37)\nWarning: Search not completed\n"
    + COUNTS.format(depth=37, errors=1)
)


class ReadSearch(unittest.TestCase):
    def refused(self, text, code=0):
        with self.assertRaises(run.Broken) as caught:
            run.read_search(text, code)
        return str(caught.exception)

    def test_a_complete_search_without_errors(self):
        self.assertEqual(run.Search(6368627, 26906, None), run.read_search(HOLDS, 0))

    def test_states_in_scientific_notation(self):
        text = HOLDS.replace("  6368627", "1.9923497e+07")
        self.assertEqual(19923497, run.read_search(text, 0).states)

    def test_a_counter_example(self):
        self.assertEqual("assertion violated (tree==0)", run.read_search(REFUTED, 0).error)
        self.assertEqual("invalid end state", run.read_search(END_STATE, 0).error)

    def test_a_search_that_was_too_deep_is_refused(self):
        text = "error: max search depth too small\n" + HOLDS
        self.assertIn("cut short", self.refused(text))

    def test_a_counter_example_of_a_search_that_was_too_deep_is_refused(self):
        text = "error: max search depth too small\n" + REFUTED
        self.assertIn("cut short", self.refused(text))

    def test_a_search_that_ran_out_of_memory_is_refused(self):
        text = "pan: reached -DMEMLIM bound\npan: out of memory\n" + HOLDS
        self.assertIn("out of memory", self.refused(text))

    def test_a_search_that_was_interrupted_is_refused(self):
        self.assertIn("cut short", self.refused("Interrupted\n" + HOLDS))
        text = "Warning: Search not completed\n" + HOLDS
        self.assertIn("not completed", self.refused(text))

    def test_a_search_that_is_not_exhaustive_is_refused(self):
        self.assertIn("exhaustive", self.refused("Bit statespace search for:\n" + HOLDS))

    def test_a_crash_is_refused(self):
        self.assertIn("-11", self.refused("", -11))
        self.assertIn("-11", self.refused(HOLDS, -11))

    def test_an_error_without_a_name_is_refused(self):
        self.assertIn("names none", self.refused(COUNTS.format(depth=3, errors=1)))

    def test_an_empty_search_is_refused(self):
        self.assertIn("no state", self.refused(HOLDS.replace("  6368627", "        0")))


class Verdict(unittest.TestCase):
    HOLDS = run.Search(1, 1, None)
    FAILS = run.Search(1, 1, "invalid end state")

    def test_a_model_has_to_hold(self):
        self.assertEqual((True, "holds"), run.judge(False, self.HOLDS))
        self.assertEqual((False, "DOES NOT HOLD: invalid end state"), run.judge(False, self.FAILS))

    def test_a_variant_has_to_be_refuted(self):
        self.assertEqual((True, "refuted"), run.judge(True, self.FAILS))
        self.assertEqual((False, "NOT REFUTED"), run.judge(True, self.HOLDS))

    def test_the_last_line_counts_what_is_as_expected(self):
        line = "models: 2 hold, 3 of 3 broken variants refuted, 143 s"
        self.assertEqual((True, line), run.summary([True] * 2, [True] * 3, 143.2))

    def test_a_missing_counter_example_is_a_failure(self):
        line = "models: 1 hold, 1 of 2 broken variants refuted, 1 s"
        self.assertEqual((False, line), run.summary([True], [True, False], 1))

    def test_a_model_that_does_not_hold_is_a_failure(self):
        line = "models: 1 hold, 1 do not, 1 of 1 broken variants refuted, 1 s"
        self.assertEqual((False, line), run.summary([True, False], [True], 1))

    def test_checking_nothing_is_a_failure(self):
        self.assertFalse(run.summary([], [], 0)[0])


class Check(unittest.TestCase):
    CASE = run.VARIANTS[0]

    def check(self, is_variant, **search):
        with mock.patch.object(run, "search", **search):
            with contextlib.redirect_stdout(io.StringIO()) as printed:
                return run.check(self.CASE, is_variant), printed.getvalue()

    def test_a_search_that_was_cut_short_refutes_no_variant(self):
        for is_variant in (False, True):
            good, line = self.check(is_variant, side_effect=run.Broken("cut short"))
            self.assertFalse(good)
            self.assertIn("FAILED: cut short", line)

    def test_a_line_tells_the_name_and_the_verdict(self):
        good, line = self.check(True, return_value=run.Search(77, 5, "invalid end state"))
        self.assertTrue(good)
        for part in (self.CASE.name, "77 states", "refuted"):
            self.assertIn(part, line)


class Cases(unittest.TestCase):
    def test_each_has_its_own_name(self):
        names = [case.name for case in run.MODELS + run.VARIANTS]
        self.assertEqual(len(names), len(set(names)))

    def test_a_name_that_does_not_exist_is_refused(self):
        with self.assertRaises(run.Broken):
            run.named(["contendre"])

    def test_each_macro_is_one_that_the_model_looks_at(self):
        for case in run.MODELS + run.VARIANTS:
            with open(os.path.join(run.HERE, case.file), encoding="utf-8") as file:
                words = file.read()
            for macro in case.macros:
                self.assertRegex(words, rf"#\s*(if|ifdef|ifndef) {macro.partition('=')[0]}\b")


if __name__ == "__main__":
    unittest.main()
