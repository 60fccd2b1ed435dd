#!/usr/bin/env python3
"""The man pages and --help tell of the same commands and options, and the pages are well-formed."""

import glob
import gzip
import os
import re
import shutil
import subprocess
import unittest

import harness
from harness import run
from tool_help import COMMANDS, defaults_of, options_of

PAGES = os.path.join(os.environ["LEASEHOLD_PREFIX"], "share", "man", "man1")


def page_of(command):
    name = f"leasehold-{command}" if command else "leasehold"
    with gzip.open(os.path.join(PAGES, f"{name}.1.gz"), "rt", encoding="utf-8") as file:
        return file.read()


def section(page, title):
    return re.search(rf"^\.SH {title}\n(.*?)(?=^\.SH |\Z)", page, re.MULTILINE | re.DOTALL).group(1)


class ManPages(unittest.TestCase):
    def test_options_are_those_of_help(self):
        for command in ("", *COMMANDS):
            with self.subTest(command=command):
                # Of each entry the line behind .TP has what it is about.
                heads = "\n".join(re.findall(r"^\.TP\n(.*)$", section(page_of(command), "OPTIONS"), re.M))
                told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", heads.replace("\\-", "-")))
                self.assertEqual(options_of(command), told)

    def test_defaults_are_those_of_help(self):
        for command in COMMANDS:
            for option, value in defaults_of(command).items():
                with self.subTest(command=command, option=option):
                    head = option.replace("-", r"\\-")
                    entry = re.search(
                        rf"^\.TP\n\.BI? {head}[ \n].*?(?=^\.TP|^\.SH)",
                        page_of(command),
                        re.MULTILINE | re.DOTALL,
                    ).group()
                    self.assertIn(value, entry.replace("\\-", "-"))

    def test_exit_codes_are_those_of_help(self):
        for command in COMMANDS:
            with self.subTest(command=command):
                helped = run(harness.TOOL, command, "--help").partition("Exit codes:")[2]
                codes = set(re.findall(r"^ +(\d+)  ", helped, re.MULTILINE))
                told = set(re.findall(r"^\.B (\d+)$", section(page_of(command), "EXIT STATUS"), re.M))
                self.assertEqual(codes, told)
                self.assertTrue(codes)

    def test_there_is_a_page_for_each_command_and_each_is_named(self):
        names = {os.path.basename(path) for path in glob.glob(os.path.join(PAGES, "*"))}
        self.assertEqual({"leasehold.1.gz", *(f"leasehold-{each}.1.gz" for each in COMMANDS)}, names)
        for each in COMMANDS:
            self.assertIn(f".BR leasehold\\-{each} (1)", page_of(""))

    @unittest.skipUnless(shutil.which("groff"), "needs groff")
    def test_they_are_formatted_without_a_warning(self):
        for command in ("", *COMMANDS):
            with self.subTest(command=command):
                done = subprocess.run(
                    ["groff", "-man", "-Tutf8", "-ww", "-z"],
                    input=page_of(command),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    check=True,
                )
                self.assertEqual("", done.stdout)


if __name__ == "__main__":
    harness.main()
