#!/usr/bin/env python3
"""Whether the drill's figures would find what is wrong: histories made by hand, good and bad.

    drill_facts_test.py
"""

import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, *place) for place in (("examples", "incident_drill"), ("cmake", "dev"))]

import facts  # noqa: E402
import server_view  # noqa: E402


def order(**fields):
    made = {
        "path": facts.HOT,
        "process": 1,
        "asked": 0.0,
        "answered": 0.0,
        "granted": None,
        "valid_until": None,
        "wait_s": 4.0,
        "outcome": "done",
        "is_hot": True,
        "is_stuck": False,
        "is_cancelled": False,
        "wrote_fenced": False,
        "wrote_unfenced": False,
    }
    return made | fields


def hold(begin, end, **fields):
    return order(granted=begin, answered=begin, asked=begin - 0.1, valid_until=end, **fields)


class Overlaps(unittest.TestCase):
    def test_holds_one_after_the_other_do_not_overlap(self):
        self.assertEqual(facts.overlaps([hold(1, 2), hold(2, 3), hold(5, 6)]), 0)

    def test_two_at_once_are_found_in_whatever_order_they_are_told(self):
        self.assertEqual(facts.overlaps([hold(1.9, 3), hold(1, 2)]), 1)

    def test_a_short_hold_inside_a_long_one_does_not_hide_the_next(self):
        self.assertEqual(facts.overlaps([hold(1, 9), hold(2, 3), hold(4, 5)]), 2)

    def test_holds_of_two_locks_are_nothing_to_each_other(self):
        self.assertEqual(facts.overlaps([hold(1, 3), hold(2, 4, path="/drill/cold-1")]), 0)


class Blocks(unittest.TestCase):
    def test_a_hung_hold_blocks_until_the_next_grant(self):
        orders = [hold(1, 2, is_stuck=True), hold(2.5, 2.6), hold(3, 3.1)]
        self.assertEqual(facts.blocked_by_stuck(orders, until=10), [1.5])

    def test_what_an_outage_made_longer_is_not_counted(self):
        self.assertEqual(facts.blocked_by_stuck([hold(1, 2, is_stuck=True), hold(9, 9.1)], 8), [])

    def test_holds_that_do_not_hang_are_not_counted(self):
        self.assertEqual(facts.blocked_by_stuck([hold(1, 2), hold(3, 4)], 10), [])


class Deadlines(unittest.TestCase):
    def test_lateness_is_what_exceeds_the_wait(self):
        late = facts.lateness([order(asked=1, answered=5.5), order(asked=1, answered=3)])
        self.assertEqual(late, [0.5, -2])

    def test_who_waits_for_ever_is_never_late(self):
        self.assertEqual(facts.lateness([order(wait_s=0, answered=99)]), [])

    def test_admitted_are_those_who_were_neither_refused_nor_gave_up(self):
        orders = [hold(1, 2), order(outcome="expired"), order(outcome="refused")]
        orders += [order(outcome="cancelled", is_cancelled=True), order(outcome="no_thread")]
        self.assertEqual(facts.admitted(orders), (1, 2))


class Updates(unittest.TestCase):
    COUNTERS = {facts.HOT: (2, 3)}

    def test_acknowledged_writes_that_are_all_there_are_not_lost(self):
        orders = [order(wrote_fenced=True)] * 3
        self.assertEqual(facts.lost_updates(orders, self.COUNTERS, "fenced"), 0)

    def test_an_acknowledged_write_that_is_not_there_is_lost(self):
        orders = [order(wrote_unfenced=True)] * 3
        self.assertEqual(facts.lost_updates(orders, self.COUNTERS, "unfenced"), 1)

    def test_a_write_that_was_refused_is_not_lost(self):
        orders = [order(wrote_fenced=True)] * 3 + [order()]
        self.assertEqual(facts.lost_updates(orders, self.COUNTERS, "fenced"), 0)


class Rates(unittest.TestCase):
    def test_the_most_in_any_window_is_found_across_the_bins(self):
        totals = [(0.0, 0), (0.9, 1), (1.0, 5), (1.1, 9), (3.0, 10)]
        self.assertEqual(facts.most_in_window(totals, 0.5), 8)

    def test_nothing_that_happens_is_no_rate(self):
        self.assertEqual(facts.most_in_window([(0, 3), (1, 3)], 1), 0)
        self.assertEqual(facts.most_in_window([], 1), 0)

    def test_first_grants_count_once_for_each_process(self):
        orders = [hold(5, 6), hold(7, 8), hold(6, 7, process=2), hold(1, 2, process=3)]
        self.assertEqual(sorted(facts.first_grants_after(orders, 4)), [1, 2])

    def test_percentiles_are_values_that_were_seen(self):
        self.assertEqual(facts.percentile([3, 1, 2, 4], 0.5), 2)
        self.assertEqual(facts.percentile([3, 1, 2, 4], 0.99), 4)
        self.assertIsNone(facts.percentile([], 0.5))

    def test_moments_outside_of_the_run_are_in_no_second(self):
        self.assertEqual(facts.by_second([-0.1, 0, 0.9, 1.5, 2.0], 2), [2, 1])


class Server(unittest.TestCase):
    DUMP = {
        "3.8": "SessionTracker dump:\nSession Sets (2)/(2):\n1 expire at Thu Jan 01 GMT:\n"
        "\t0x100050d881d0316\n1 expire at Thu Jan 01 GMT:\n\t0x100050d881d0317\n"
        "ephemeral nodes dump:\nSessions with Ephemerals (1):\n0x100050d881d0316:\n\t/drill/a\n"
        "\t/drill/b\nConnections dump:\nConnections Sets (1)/(1):\n",
        "3.4": "SessionTracker dump:\nSession Sets (1):\n1 expire at Thu Jan 01 GMT:\n"
        "\t0x100050d881d0316\nephemeral nodes dump:\nSessions with Ephemerals (0):\n",
    }
    WCHS = "4000 connections watching 1 paths\nTotal watches:3999\n"

    def look(self, release, wchs=WCHS):
        told = {"dump": self.DUMP[release], "wchs": wchs}
        asked, server_view.ask = server_view.ask, lambda _port, word: told[word]
        try:
            return server_view.look_at_server(1)
        finally:
            server_view.ask = asked

    def test_sessions_nodes_and_watches_are_counted(self):
        seen = {"sessions": 2, "watches": 3999, "watching_connections": 4000, "ephemerals": 2}
        self.assertEqual(self.look("3.8"), seen)

    def test_an_old_server_is_understood(self):
        self.assertEqual(self.look("3.4")["sessions"], 1)
        self.assertEqual(self.look("3.4")["ephemerals"], 0)

    def test_no_answer_is_not_nothing(self):
        self.assertIsNone(self.look("3.8", wchs=""))


if __name__ == "__main__":
    unittest.main()
