"""The plan of a chaos run: from its seed alone, fair to all kinds, and of the lengths it is meant to be."""

import itertools
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import schedule  # noqa: E402
from faults import FAULTS  # noqa: E402

CLIENTS = ["a", "b", "c", "d"]


def first(count, plans):
    return list(itertools.islice(plans, count))


class Schedule(unittest.TestCase):
    def test_same_seed_same_plan(self):
        for make in (
            lambda seed: schedule.faults(seed, list(FAULTS)),
            lambda seed: schedule.pauses(seed, CLIENTS),
        ):
            self.assertEqual(first(500, make(7)), first(500, make(7)))
            self.assertNotEqual(first(500, make(7)), first(500, make(8)))

    def test_order_in_which_kinds_are_named_is_no_matter(self):
        names = list(FAULTS)
        self.assertEqual(
            first(100, schedule.faults(7, names)), first(100, schedule.faults(7, names[::-1]))
        )

    def test_every_kind_comes_once_before_one_comes_again(self):
        plans = first(20 * len(FAULTS), schedule.faults(3, list(FAULTS)))
        for begin in range(0, len(plans), len(FAULTS)):
            kinds = [plan.kind for plan in plans[begin : begin + len(FAULTS)]]
            self.assertEqual(sorted(kinds), sorted(FAULTS))

    def test_there_are_kinds_enough(self):
        self.assertGreaterEqual(len(FAULTS), 12)

    def test_faults_last_as_long_as_they_may(self):
        for plan in first(2000, schedule.faults(1, list(FAULTS))):
            fault = FAULTS[plan.kind]
            self.assertLessEqual(fault.shortest_s, fault.seconds(plan))
            self.assertLessEqual(fault.seconds(plan), fault.longest_s)
            self.assertIn(plan.choose(CLIENTS), CLIENTS)
            self.assertTrue(2 <= plan.between(2, 3) <= 3)

    def test_every_client_is_paused_every_five_seconds(self):
        pauses = first(480, schedule.pauses(5, CLIENTS))
        for client in CLIENTS:
            times = [pause.at_s for pause in pauses if pause.client == client]
            self.assertEqual(len(times), 120)
            for before, after in zip(times, times[1:]):
                self.assertAlmostEqual(after - before, 5.0, delta=1.0)
        self.assertTrue(all(0 < pause.seconds <= 8 for pause in pauses))
        self.assertTrue(any(pause.seconds > 6 for pause in pauses), "longer than a session")


if __name__ == "__main__":
    unittest.main()
