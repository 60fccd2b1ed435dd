#!/usr/bin/env python3
"""Whether the benchmarks' figures are what they are said to be, and what becomes of a contestant that
fails.

    figures_test.py
"""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "cmake", "dev")]

import contest  # noqa: E402  (found only once the path is set)
import figures  # noqa: E402
import rivals  # noqa: E402
from scenarios import serial  # noqa: E402

# Answers every command with its words.
ECHO = 'print("ready", flush=True)\nimport json, sys\nfor line in sys.stdin: print(json.dumps(line.split()), flush=True)'


def python(program):
    return [sys.executable, "-c", program]


class Figures(unittest.TestCase):
    def test_percentiles_lie_between_the_values_around_them(self):
        self.assertEqual(figures.percentile([3, 1, 2], 0.5), 2)
        self.assertEqual(figures.percentile([10, 20], 0.5), 15)
        self.assertEqual(figures.percentile([1, 2, 3, 4, 5], 0.0), 1)
        self.assertEqual(figures.percentile([1, 2, 3, 4, 5], 1.0), 5)
        with self.assertRaises(ValueError):
            figures.percentile([], 0.5)

    def test_a_summary_is_of_all_rounds(self):
        self.assertEqual(figures.summary([[1, 2], [3]])["p50"], 2)
        self.assertEqual(figures.summary([[1, 2], [3]])["count"], 3)

    def test_one_disturbed_round_is_not_the_figure(self):
        found = figures.percentile_of_rounds([[1, 2, 3], [1, 90, 95], [2, 3, 4]], 0.5)
        self.assertEqual(found, {"median": 3, "lowest": 2, "highest": 90})

    def test_ratios_are_taken_round_by_round(self):
        # The second round was disturbed, for both: it changes neither ratio.
        found = figures.ratios([[2, 2, 2], [20, 20, 20]], [[1, 1, 1], [10, 10, 10]])
        self.assertEqual(found["pairs"], [2, 2])
        self.assertEqual(found["median"], 2)
        with self.assertRaises(ValueError):
            figures.ratios([[1]], [[1], [1]])

    def test_a_bar_that_is_missed_is_said_to_be(self):
        measured = {
            rivals.COROUTINE: {"acquire": [[120], [120], [120]]},
            rivals.FLOOR: {"acquire": [[100], [100], [100]]},
        }
        bar = serial.bar(measured, "acquire", rivals.COROUTINE, rivals.FLOOR, 1.15)
        self.assertFalse(bar["is_met"])
        self.assertEqual(bar["median"], 1.2)
        self.assertTrue(serial.bar(measured, "acquire", rivals.COROUTINE, rivals.FLOOR, 1.2)["is_met"])


class Contest(unittest.TestCase):
    def test_contestants_take_turns(self):
        order = []

        def turn(contestant):
            order.append(contestant.name)
            return contestant.ask("serial", "/path", 3)

        both = [contest.Contestant(name, python(ECHO)) for name in ("a", "b")]
        try:
            answers = contest.take_turns(both, 2, turn, lambda number, name: None)
        finally:
            for each in both:
                each.stop()
        self.assertEqual(order, ["a", "b", "a", "b"])
        self.assertEqual(answers, {"a": [["serial", "/path", "3"]] * 2, "b": [["serial", "/path", "3"]] * 2})

    def test_who_cannot_start_says_why(self):
        with self.assertRaisesRegex(contest.Failed, "a: it is not ready: no server"):
            contest.Contestant("a", python("import sys; sys.exit('no server')"))

    def test_who_dies_in_its_turn_says_why(self):
        dies = 'print("ready", flush=True); input(); import sys; sys.exit("lost it")'
        contestant = contest.Contestant("a", python(dies))
        self.addCleanup(contestant.stop)
        with self.assertRaisesRegex(contest.Failed, "a: lost it"):
            contestant.ask("serial", "/path", 3)


if __name__ == "__main__":
    unittest.main()
