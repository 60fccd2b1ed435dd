#!/usr/bin/env python3
"""The report of an incident drill: one file that says what was measured, and nothing else."""

import html.parser
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import unittest
import warnings
from xml.etree import ElementTree

from drill_document import drill_document

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REPORT = os.path.join(SOURCE, "examples", "incident_drill", "report.py")
sys.path.insert(0, os.path.dirname(REPORT))
import report  # noqa: E402  (found only once the path is set)

VOID = {"meta", "br", "hr", "img", "input", "link"}
LOADING = {"script", "link", "img", "iframe", "object", "embed", "audio", "video", "base", "form"}
HOSTILE = "</td></svg><script>alert('x')</script>\"'&$\\frac{1}$\x00\x1b\ud800"


class Page(html.parser.HTMLParser):
    """What a browser would see; fails where tags do not close as they opened."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.rows = [], set(), [], []
        self.attributes, self.text = [], ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append((dict(attrs).get("class"), []))

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.ids += [value for key, value in attrs if key == "id"]

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            raise AssertionError(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text += data
        if "tr" in self.open:
            self.rows[-1][1].append(data)

    def scores(self):
        """Class and words of each row of the scorecard."""
        return [(kind, " ".join(" ".join(words).split())) for kind, words in self.rows if kind]


def without_values(document):
    for run in document["runs"]:
        for columns in run["series"].values():
            for key in columns:
                if key != "at_s":
                    columns[key] = [None] * len(columns[key])
    return document


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = report.render(drill_document())
        cls.page = Page(cls.source)

    def setUp(self):
        catching = warnings.catch_warnings()
        catching.__enter__()
        self.addCleanup(catching.__exit__, None, None, None)
        warnings.simplefilter("error", RuntimeWarning)  # numpy's, about values that it cannot do

    def assert_sound(self, source):
        page = Page(source)
        self.assertEqual([], page.open)
        self.assertEqual(set(), page.tags & LOADING)
        self.assertNotRegex(source, r"https?://|@import|(?i:javascript:)")
        self.assertEqual([], re.findall(r"url\((?!#)[^)]*\)", source))
        self.assertEqual(len(page.ids), len(set(page.ids)))
        wanted = set(re.findall(r"url\(#([^)]*)\)", source))
        wanted |= {value[1:] for key, value in page.attributes if key == "href"}
        self.assertLessEqual(wanted, set(page.ids))
        self.assertEqual([], [key for key, _ in page.attributes if key == "src" or key[:2] == "on"])
        for svg in re.findall(r"<svg.*?</svg>", source, re.DOTALL):
            self.assertTrue(ElementTree.fromstring(svg).get("aria-label"))
        return page

    def test_one_sound_file_that_needs_no_other(self):
        self.assert_sound(self.source)
        self.assertNotIn("<?xml", self.source)
        self.assertEqual(11, self.source.count("<svg"))  # ten pictures, one of them in two widths

    def test_the_verdict_has_the_figures_of_the_run(self):
        document = drill_document()
        for run, done, block_s in zip(document["runs"], (1234, 54321), (6.02, 1.06)):
            run["orders_done"], run["longest_block_s"] = {"hot": done, "cold": 1000}, block_s
        said = " ".join(Page(report.render(document)).text.split())
        self.assertIn(
            "Under the same load the naive client finished 2 234 orders and left the hot order "
            "locked for up to 6.0 s; the SDK finished 55 321 orders and never left it locked for "
            "longer than 1.1 s.",
            said,
        )

    def test_an_sdk_that_was_no_better_is_not_praised(self):
        document = drill_document()
        document["runs"][1]["longest_block_s"] = 7.5
        said = " ".join(Page(report.render(document)).text.split())
        self.assertIn("orders and left the hot order locked for up to 7.5 s.", said)
        self.assertNotIn("never left it locked", said)

    def test_every_row_of_the_scorecard_with_its_verdict(self):
        scores = drill_document()["scorecard"]
        rows = self.page.scores()
        self.assertEqual(len(scores), len(rows))
        for score, (kind, words) in zip(scores, rows):
            for key in ("name", "naive", "sdk", "bar", "note"):
                self.assertIn(score[key] or "", words)
            is_known = score["is_met"] is not None
            self.assertEqual("met" if is_known else "unknown", kind)
            self.assertTrue(words.endswith("✓ met" if is_known else "– not measured"), words)

    def test_a_missed_bar_shows(self):
        document = drill_document()
        document["scorecard"][3] |= {"is_met": False, "sdk": "12"}
        document["passed"] = False
        page = self.assert_sound(report.render(document))
        said = " ".join(page.text.split())
        self.assertIn("✕ not passed 15 of 17 bars met, 1 missed, 1 not measured.", said)
        self.assertIn("Missed: Watches left when idle (12, bar 0).", said)
        kind, words = page.scores()[3]
        self.assertEqual("missed", kind)
        self.assertTrue(words.endswith("✕ missed"), words)

    def test_nobody_passes_with_a_missed_bar(self):
        document = drill_document()
        document["scorecard"][0]["is_met"] = False
        self.assertIs(True, document["passed"])
        self.assertIn("✕ not passed", report.render(document))

    def test_strings_of_the_document_stay_strings(self):
        document = drill_document()
        document["generated"] = document["leasehold"] = document["scale"]["name"] = HOSTILE
        document["server"] = {"version": HOSTILE, "connections": HOSTILE}
        for run in document["runs"]:
            for phase in run["phases"]:
                phase["name"] += HOSTILE
            for mark in run["marks"]:
                mark["what"] = HOSTILE
        document["scorecard"][0] = {key: HOSTILE for key in document["scorecard"][0]}
        source = report.render(document)
        page = self.assert_sound(source)
        self.assertIn("<script>alert('x')</script>", page.text)
        self.assertEqual("told", page.scores()[0][0])
        source.encode("utf-8")

    def test_empty_series(self):
        document = drill_document()
        for run in document["runs"]:
            run |= {"series": {}, "hot_holds": [], "marks": [], "phases": []}
            run |= {"orders_done": {}, "longest_block_s": None}
        page = self.assert_sound(report.render(document))
        self.assertIn("not measured", page.text)
        self.assertNotIn("nan", page.text)

    def test_series_without_a_value(self):
        source = report.render(without_values(drill_document()))
        self.assert_sound(source)
        # Seven plots over time, each with two panels.
        panels = re.findall(r"<text[^>]*>not measured</text>", source)
        self.assertEqual(2 * 7, len(panels))

    def test_odd_numbers_are_unknown(self):
        document = drill_document()
        for run in document["runs"]:
            run["series"]["orders"]["hot"][3] = "many"
            run["series"]["wait"]["p99_s"][4] = math.inf
            run["series"]["server"]["sessions"] = run["series"]["server"]["sessions"][:5]
            run["hot_holds"][7]["to_s"] = None
        document["scale"] = {"budget_ms": 0}
        self.assert_sound(report.render(document))

    def test_one_run_only(self):
        for client, missing in (("sdk", "naive client was"), ("naive", "SDK was")):
            with self.subTest(client):
                page = self.assert_sound(report.render(drill_document(clients=[client])))
                self.assertIn(f"The {missing} not run", page.text)

    def test_no_run_at_all(self):
        page = self.assert_sound(report.render({"version": 1}))
        self.assertIn("No client ran", page.text)
        self.assertIn("not judged", page.text)

    def test_a_full_drill_stays_small(self):
        document = drill_document("full")
        self.assertGreater(len(document["runs"][0]["hot_holds"]), 10_000)
        source = report.render(document)
        self.assert_sound(source)
        self.assertLess(len(source.encode("utf-8")), 1_000_000)
        self.assertIn("./dev drill --full --html report.html", source)

    def test_holds_that_nobody_could_tell_apart_become_one_bar(self):
        document = drill_document(clients=["sdk"])
        run = document["runs"][0]
        begin = next(p["from_s"] for p in run["phases"] if p["name"] == "stuck holds")
        run["hot_holds"] = [
            {"from_s": at, "to_s": at + 0.00005, "process": 0, "caller": 0, "is_stuck": False}
            for at in (begin + 0.0001 * index for index in range(100_000))
        ]
        source = report.render(document)
        self.assertIn("100 000 orders went through", " ".join(Page(source).text.split()))
        self.assertLess(len(source.encode("utf-8")), 500_000)

    def test_the_same_document_makes_the_same_file(self):
        self.assertEqual(self.source, report.render(drill_document()))

    def test_command_line(self):
        with tempfile.TemporaryDirectory() as folder:
            given, made = (os.path.join(folder, name) for name in ("drill.json", "report.html"))

            def run():
                command = [sys.executable, "-B", REPORT, given, made]
                return subprocess.run(command, capture_output=True, text=True, check=False)

            self.assertEqual(1, run().returncode)
            with open(given, "w", encoding="utf-8") as file:
                json.dump({"version": 2}, file)
            refused = run()
            self.assertEqual(1, refused.returncode)
            self.assertIn("version 1 is wanted, not 2", refused.stderr)
            self.assertEqual(["drill.json"], os.listdir(folder))
            with open(given, "w", encoding="utf-8") as file:
                json.dump(drill_document(), file)
            written = run()
            self.assertEqual((0, ""), (written.returncode, written.stderr))
            self.assertEqual(["drill.json", "report.html"], sorted(os.listdir(folder)))
            with open(made, encoding="utf-8") as file:
                self.assertEqual(self.source, file.read())


if __name__ == "__main__":
    unittest.main()
