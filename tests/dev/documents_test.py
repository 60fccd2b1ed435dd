#!/usr/bin/env python3
"""What runs that measure hand out is there as a whole or not at all; and what goes on beside them ends."""

import argparse
import contextlib
import io
import json
import os
import sys
import tempfile
import threading
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "cmake", "dev"))

import beside  # noqa: E402
import documents  # noqa: E402


class Documents(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def put(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def text_of(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def test_a_file_that_cannot_be_finished_is_as_it_was(self):
        self.put("page", "before")
        with self.assertRaises(ZeroDivisionError), documents.whole_file(self.path("page")) as file:
            file.write("half of a")
            raise ZeroDivisionError
        self.assertEqual(self.text_of("page"), "before")
        self.assertEqual(os.listdir(self.folder), ["page"])

    def test_what_was_asked_for_is_handed_out(self):
        parser = argparse.ArgumentParser()
        documents.add_options(parser)
        document = {"passed": True}
        documents.hand_out(document, parser.parse_args([]), None)
        self.assertEqual(os.listdir(self.folder), [])
        asked = ["--json", self.path("run.json"), "--html", self.path("run.html")]
        documents.hand_out(document, parser.parse_args(asked), lambda made: f"<{made['passed']}>")
        self.assertEqual(json.loads(self.text_of("run.json")), document)
        self.assertRegex(document["generated"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(self.text_of("run.html"), "<True>")

    def report(self, *arguments):
        """Exit code and what was said."""
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = documents.report_main(arguments, "usage", lambda made: made["page"])
        return code, said.getvalue()

    def test_report_of_a_document_that_is_there(self):
        given, made = self.path("run.json"), self.path("run.html")
        self.assertEqual(self.report("--help"), (0, "usage\n"))
        self.assertEqual(self.report(given), (64, "usage\n"))
        for text, trouble in (
            ("[]", "not an object"),
            ("{", "Expecting property name"),
            ("{}", "the document has no 'page'"),
        ):
            self.put("run.json", text)
            code, said = self.report(given, made)
            self.assertEqual(code, 1)
            self.assertIn(trouble, said)
        self.assertEqual(os.listdir(self.folder), ["run.json"])
        self.put("run.json", '{"page": "all of it"}')
        self.assertEqual(self.report(given, made), (0, ""))
        self.assertEqual(self.text_of("run.html"), "all of it")


class Beside(unittest.TestCase):
    def test_what_repeats_has_ended_with_its_block(self):
        seen = threading.Semaphore(0)

        class Count(beside.Repeating):
            def once(self):
                seen.release()

        with Count(0.001) as count:
            for _ in range(3):
                self.assertTrue(seen.acquire(timeout=30))
        self.assertFalse(count.thread.is_alive())


if __name__ == "__main__":
    unittest.main()
