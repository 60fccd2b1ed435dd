"""The report of a chaos run says what its document says, and draws what happened where it happened."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import report  # noqa: E402
import timeline  # noqa: E402
import verdict  # noqa: E402

BEGAN = 100.0


def lines():
    fault = {
        "number": 1, "kind": "kill the leader", "began": 110.0, "healed": 112.0, "served": 114.0,
        "target": "server 2", "is_applied": True,
    }  # fmt: skip
    return [
        {"kind": "modes", "t": 100.0, "modes": {1: "leader", 2: "follower", 3: "follower"}},
        {"kind": "grant", "t": 101.0, "client": "worker-1", "pid": 1, "path": "/chaos/one",
         "token": 64, "node": "", "deadline": 103.0, "is_valid": True},
        {"kind": "end", "t": 102.0, "client": "worker-1", "pid": 1, "path": "/chaos/one",
         "token": 64, "valid_until": 102.0, "is_valid": True},
        {"kind": "paused", "t": 158.0, "client": "tool"},
        {"kind": "resumed", "t": 162.0, "client": "tool"},
        {"kind": "fault", "t": 110.0, "fault": fault},
    ]  # fmt: skip


def document(history=None):
    facts = {
        "seed": 7, "minutes_asked": 1, "began": BEGAN, "seconds": 70.0, "pauses": 1,
        "unfinished": [], "left": {"sessions": 0}, "trouble": [],
        "settings": {"disk": "RLIMIT_FSIZE", "load": [0.5, 0.25, 0.125]},
    }  # fmt: skip
    made = verdict.document(history or lines(), facts)
    made["faults"][-1] = made["faults"][-1] | {"served": 165.0}  # the last strip ends behind it
    return made


class Report(unittest.TestCase):
    def test_good_run_is_passed_and_a_broken_one_is_not(self):
        page = report.render(document())
        self.assertIn("nothing was broken", page)
        self.assertIn("kill the leader", page)
        overlapping = lines()
        overlapping.insert(2, overlapping[1] | {"client": "worker-2", "pid": 2, "t": 101.5,
                                                "token": 128})
        broken = document(overlapping)
        self.assertFalse(broken["passed"])
        page = report.render(broken)
        self.assertIn("not met: overlaps of valid()", page)
        self.assertIn("worker-2 (2)", page, "who it was")

    def test_run_without_a_fault_is_not_passed(self):
        quiet = [line for line in lines() if line["kind"] != "fault"]
        made = verdict.document(quiet, document() | {"trouble": []})
        self.assertFalse(made["passed"])

    def test_what_happened_is_drawn_where_it_happened(self):
        first, second = timeline.strips(document())
        (hold,) = [box for box in first.boxes if box.kind == "hold path0"]
        self.assertAlmostEqual(hold.x, timeline.x_of(1.0))
        self.assertAlmostEqual(hold.x + hold.width, timeline.x_of(2.0))
        pauses = [
            [box for box in strip.boxes if box.kind == "paused"] for strip in (first, second)
        ]
        self.assertEqual([len(each) for each in pauses], [1, 1], "it crosses the minute")
        self.assertAlmostEqual(pauses[1][0].x, timeline.x_of(0))

if __name__ == "__main__":
    unittest.main()
