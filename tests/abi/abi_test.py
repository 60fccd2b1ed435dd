#!/usr/bin/env python3
"""The C interface is binary compatible with what its soname promises; and each way in which it may
stop being so is found."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import abi

INCLUDE = os.path.join(abi.SOURCE, "include")
FOLDER = os.path.dirname(os.path.abspath(__file__))
VERSION = abi.so_version()
COMPILER = os.environ["LEASEHOLD_CC"]
LIBRARIES = os.path.join(os.environ["LEASEHOLD_PREFIX"], os.environ["LEASEHOLD_LIBDIR"])

# What a careless change may look like: a pattern in leasehold.h, what it becomes, and a line of the
# verdict.
BREAKS = {
    "a field in the middle": (
        r"int64_t wait_ms; +/\* how long to queue", r"int64_t patience_ms; \g<0>",
        r"\+    at 24: int64_t wait_ms, 8 bytes"),
    "a field at the end": (
        r"const char\* session; ", r"\g<0> int64_t age_of_session_ms; ",
        r"-struct lh_contender: \d+ bytes"),
    "a field that is gone": (
        r"int32_t max_queue;[^\n]*\n", "", r"-    at \d+: int32_t max_queue, 4 bytes"),
    "two fields that have changed places": (
        r"int64_t backoff_min_ms;([^\n]*)\n +int64_t backoff_max_ms;",
        r"int64_t backoff_max_ms;\1\n int64_t backoff_min_ms;",
        r"\+    at \d+: int64_t backoff_max_ms, 8 bytes"),
    "a narrower field": (
        r"uint64_t max_frame_bytes;", "uint32_t max_frame_bytes;",
        r"\+    at \d+: uint32_t max_frame_bytes, 4 bytes"),
    "an enumerator with another value": (
        r"LH_QUEUE_FULL = 4,", "LH_QUEUE_FULL = 40,", r"\+    LH_QUEUE_FULL = 40"),
    "an enumerator that is gone": (
        r"LH_STALE_TOKEN = 26,", "", r"-    LH_STALE_TOKEN = 26"),
    "a function that is gone": (
        r"LH_API int lh_lock_is_shortened\(lh_lock\* lock\);", "",
        r"-function int lh_lock_is_shortened\(lh_lock\*\)"),
    "a parameter of another type": (
        r"lh_lock_extend\(lh_lock\* lock, int64_t budget_ms", "lh_lock_extend(lh_lock* lock, int budget_ms",
        r"\+function int lh_lock_extend\(lh_lock\*, int, lh_error\*\*\)"),
    "another return type": (
        r"LH_API int64_t lh_lock_token", "LH_API uint32_t lh_lock_token",
        r"\+function uint32_t lh_lock_token\(lh_lock\*\)"),
    "a callback with another parameter": (
        r"\(\*lh_done_fn\)\(void\* user, lh_error\* error\)", "(*lh_done_fn)(void* user, int code)",
        r"\+callback void \(\*lh_done_fn\)\(void\*, int\)"),
}  # fmt: skip


class Abi(unittest.TestCase):
    def mutate(self, pattern, replacement):
        """A copy of the headers with one change."""
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        include = os.path.join(directory.name, "include")
        shutil.copytree(INCLUDE, include)
        header = os.path.join(include, "leasehold", "leasehold.h")
        with open(header, encoding="utf-8") as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1)
        self.assertEqual(1, count, f"nothing to change: {pattern}")
        with open(header, "w", encoding="utf-8") as file:
            file.write(changed)
        return include

    def test_headers_are_what_the_snapshot_says(self):
        self.assertEqual([], abi.check(INCLUDE, FOLDER, VERSION, COMPILER))

    def test_what_the_snapshot_says_is_exported(self):
        for name, header in (("leasehold", "leasehold.h"), ("leasehold_testing", "testing.h")):
            found = abi.exported(os.path.join(LIBRARIES, f"lib{name}.so.{VERSION}"))
            wanted = abi.declared(INCLUDE, header)
            self.assertGreater(len(wanted), 10)
            self.assertEqual(set(), wanted - found, f"not exported by lib{name}.so")

    def test_each_change_that_breaks_is_found(self):
        for what, (pattern, replacement, expected) in BREAKS.items():
            with self.subTest(what):
                include = self.mutate(pattern, replacement)
                verdict = abi.check(include, FOLDER, VERSION, COMPILER)
                self.assertIn("the ABI is broken", verdict[0] if verdict else "nothing")
                self.assertRegex("\n".join(verdict), expected)

    def test_an_addition_is_told_from_a_break(self):
        include = self.mutate(
            r"LH_API const char\* lh_version", r"LH_API int lh_new_thing(int what);\n\g<0>"
        )
        verdict = abi.check(include, FOLDER, VERSION, COMPILER)
        self.assertEqual("the ABI has more than its snapshot", verdict[0])
        self.assertIn("+function int lh_new_thing(int)", verdict)

    def test_names_of_parameters_and_comments_may_change(self):
        include = self.mutate(r"lh_lock_valid\(lh_lock\* lock\)", "lh_lock_valid(lh_lock* /* ! */ it)")
        self.assertEqual([], abi.check(include, FOLDER, VERSION, COMPILER))

    def test_a_version_without_a_snapshot_says_how_to_make_one(self):
        verdict = abi.check(INCLUDE, FOLDER, "0.99", COMPILER)
        self.assertEqual(["there is no snapshot of ABI 0.99", f"write it: {abi.COMMAND}"], verdict)

    def test_a_symbol_that_is_missing_in_the_library_is_found(self):
        names = abi.declared(INCLUDE, "leasehold.h") - {"lh_lock_valid"}
        with tempfile.TemporaryDirectory() as directory:
            library = os.path.join(directory, "libleasehold.so")
            subprocess.run(
                [COMPILER, "-shared", "-fPIC", "-x", "c", "-", "-o", library],
                input="".join(f"void {name}(void) {{}}\n" for name in names),
                text=True,
                check=True,
            )
            found = abi.exported(library)
        self.assertEqual({"lh_lock_valid"}, abi.declared(INCLUDE, "leasehold.h") - found)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
