#!/usr/bin/env python3
"""Whether scenarios make of what they measured what they say, and draw it.

    scenarios_test.py
"""

import contextlib
import io
import os
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "cmake", "dev")]

import plot  # noqa: E402  (found only once the path is set)
import rivals as who  # noqa: E402
from scenarios import handoff, many, queue, serial, tries  # noqa: E402


def bars_of(figures):
    return {of["what"]: of for of in figures["bars"]}


def drawn(name, figures):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "picture.svg")
        plot.write_svg({"runs": [{"scenario": name, "place": "somewhere", "figures": figures}]}, path)
        with open(path, encoding="utf-8") as file:
            return file.read()


class Many(unittest.TestCase):
    def test_more_is_better(self):
        figures = many.judge(
            {
                64: {who.FLOOR: [[10]], who.COROUTINE: [[8]], who.BLOCKING: [[4]]},
                1000: {who.FLOOR: [[10]], who.COROUTINE: [[9]], who.C_CLIENT: [[10]], who.CURATOR: [[6]]},
            }
        )
        bars = bars_of(figures)
        self.assertFalse(bars[f"1000 locks: {who.COROUTINE} to {who.C_CLIENT}"]["is_met"])
        self.assertTrue(bars[f"1000 locks: {who.COROUTINE} to {who.CURATOR}"]["is_met"])
        self.assertEqual(figures["ratios"][many.label(who.BLOCKING, 64)]["median"], 0.4)
        self.assertIn(many.label(who.BLOCKING, 1000), figures["skipped"])
        self.assertIn("pairs a second", drawn("many", figures))


class Serial(unittest.TestCase):
    def test_each_is_shown_as_so_many_times_the_base(self):
        measured = {
            who.FLOOR: dict.fromkeys(serial.STEPS, [[100]]),
            who.GO_ZOOKEEPER: dict.fromkeys(serial.STEPS, [[250]]),
        }
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            serial.show(serial.judge(measured, who.FLOOR, ()))
        times = shown.getvalue().partition(f"times {who.FLOOR}")[2]
        self.assertRegex(times, rf"{who.GO_ZOOKEEPER} +2.50 +2.50..2.50")


class Handoff(unittest.TestCase):
    FLOOR = {
        "delete": [200],
        "one way": [50],
        "delete and one way": [250],
        "event": [190],
        ("rate", 2): [4000],
        ("rate", 16): [3000],
    }

    def judged(self, delay, rate):
        def each(delay, rate):
            return [
                {("delay", sessions): [delay] for sessions in handoff.SESSIONS}
                | {("rate", sessions): [rate] for sessions in handoff.SESSIONS}
            ]

        return handoff.judge(
            {
                who.FLOOR: [self.FLOOR],
                who.COROUTINE: each(delay, rate),
                who.BLOCKING: each(delay, rate),
                who.CURATOR: each(800, 1000),
                who.ETCD: each(1600, 25),
            }
        )

    def test_a_delay_is_held_against_a_delete_and_one_way(self):
        what = f"delay, {handoff.label(who.COROUTINE, 16)}: to the floor"
        self.assertTrue(bars_of(self.judged(325, 2000))[what]["is_met"])
        self.assertFalse(bars_of(self.judged(326, 2000))[what]["is_met"])

    def test_a_rate_is_held_against_the_peers_that_took_part(self):
        bars = bars_of(self.judged(300, 1999))
        self.assertFalse(bars[f"hand-offs/s, {handoff.label(who.COROUTINE, 2)}: to {who.CURATOR}"]["is_met"])
        self.assertFalse([what for what in bars if who.KAZOO in what])

    def test_those_without_a_bar_have_a_ratio(self):
        figures = self.judged(300, 2000)
        self.assertFalse([what for what in bars_of(figures) if who.ETCD in what])
        self.assertEqual(figures["ratios"][handoff.label(who.ETCD, 2)]["median"], 6.4)

    def test_the_floor_has_its_own_rate(self):
        figures = self.judged(300, 2000)
        self.assertEqual(figures["rate_ratios"][handoff.label(who.COROUTINE, 2)]["median"], 0.5)
        self.assertIn("hand-offs/s", drawn("handoff", figures))


class Queue(unittest.TestCase):
    def judged(self, grown=1.0):
        def answer(**changes):
            return [
                {"seconds": 0.1, "bytes": 900, "payload": 700, "requests": 2, "overtakers": 3} | changes
            ]

        measured = {
            (waiters, processes): {who.COROUTINE: answer()}
            for waiters in queue.WAITERS
            for processes in queue.PROCESSES
        }
        measured[4000, 16][who.COROUTINE] = answer(bytes=900 * grown, overtakers=60)
        measured[1000, 1][who.CURATOR] = answer(seconds=0.9)
        return queue.judge(measured, {(who.KAZOO, 4000, 1): "too long"})

    def test_what_a_waiter_costs_may_not_grow_with_their_number(self):
        what = "16 processes: bytes of one of 4000 to one of 250"
        self.assertTrue(bars_of(self.judged())[what]["is_met"])
        self.assertFalse(bars_of(self.judged(grown=1.2))[what]["is_met"])

    def test_the_drain_is_held_against_curator_s(self):
        bar = bars_of(self.judged())["1000 waiters, one process: drain, Curator to us"]
        self.assertAlmostEqual(bar["median"], 9)
        self.assertFalse(bar["is_met"])

    def test_the_most_who_overtook_is_that_of_any_round(self):
        bar = bars_of(self.judged())["16 processes: most who overtook one waiter"]
        self.assertEqual((bar["value"], bar["limit"]), (60, 64))

    def test_who_was_left_out_is_said_to_be(self):
        figures = self.judged()
        self.assertEqual(figures["skipped"], {f"{who.KAZOO}, 4000 in one process": "too long"})
        self.assertIn("seconds until all are through", drawn("queue", figures))


class Try(unittest.TestCase):
    def test_a_ping_in_one_round_is_no_part_of_a_try(self):
        def rounds(*requests):
            return [{"try": [100], "requests": each, "transactions": 0} for each in requests]

        figures = tries.judge({who.FLOOR: rounds(1, 1, 1), tries.CHECKED: rounds(1, 1.01, 1)})
        self.assertTrue(all(of["is_met"] for of in figures["bars"]))
        figures = tries.judge({who.FLOOR: rounds(1, 1, 1), tries.CHECKED: rounds(2, 2.01, 2)})
        self.assertFalse(bars_of(figures)["requests a try, check_first"]["is_met"])
        self.assertIn("refused", drawn("try", figures))

    def test_what_another_server_does_is_not_counted(self):
        counted = [{"try": [100], "requests": 1, "transactions": 0}]
        figures = tries.judge({who.FLOOR: counted, tries.CHECKED: counted, who.ETCD: [{"try": [300]}]})
        self.assertEqual(figures["ratios"][who.ETCD]["median"], 3)
        self.assertNotIn(who.ETCD, figures["counts"])


if __name__ == "__main__":
    unittest.main()
