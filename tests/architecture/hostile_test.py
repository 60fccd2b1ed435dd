#!/usr/bin/env python3
"""That the reader of docs/hostile.md finds what is wrong in it."""

import unittest

import hostile

TESTS = {
    "Session.Ends": ["tests/unit/core/session_test.cpp"],
    "RealTls.WrongName": ["tests/integration/tls_test.cpp"],
    "fuzz.path": ["tests/fuzz/path.cpp"],
}


def document(**changed):
    """All rows with tests that will do, but those that are given as rowN."""
    good = "`Session.Ends`, `RealTls.WrongName`, `fuzz.path`"
    return "\n".join(
        f"| {number} | what comes | what happens | {changed.get(f'row{number}', good)} |"
        for number in range(1, hostile.ROWS + 1)
    )


class Findings(unittest.TestCase):
    def findings(self, text):
        return list(hostile.findings(text, TESTS))

    def test_a_good_document_has_none(self):
        self.assertEqual([], self.findings(document()))

    def test_a_test_that_does_not_exist(self):
        found = self.findings(document(row11="`Session.Begins`"))
        self.assertEqual(["row 11: there is no test Session.Begins"], found)

    def test_a_row_that_is_missing(self):
        text = document().replace("| 7 | what", "| 77 | what")
        self.assertTrue(any("77" in each for each in self.findings(text)))

    def test_a_row_without_tests(self):
        self.assertEqual(["row 36 names no test"], self.findings(document(row36="none")))

    def test_a_row_that_has_to_be_fuzzed(self):
        self.assertEqual(["row 4 names no fuzz target"], self.findings(document(row4="`Session.Ends`")))

    def test_a_row_that_needs_a_real_server(self):
        found = self.findings(document(row25="`Session.Ends`, `fuzz.path`"))
        self.assertEqual(["row 25 names no test on a real server"], found)


if __name__ == "__main__":
    unittest.main()
