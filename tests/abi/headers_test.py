#!/usr/bin/env python3
"""leasehold.h and testing.h are C99 and C++ without a warning, each by itself."""

import os
import subprocess
import sys
import unittest

INCLUDE = os.path.join(os.environ["LEASEHOLD_PREFIX"], "include")
WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Wstrict-prototypes", "-Werror")


class Headers(unittest.TestCase):
    def compile(self, compiler, language, standard, header):
        warnings = [each for each in WARNINGS if language == "c" or "prototypes" not in each]
        done = subprocess.run(
            [
                compiler, "-x", language, f"-std={standard}", *warnings, f"-I{INCLUDE}",
                "-fsyntax-only", "-",
            ],
            input=f"#include <leasehold/{header}>\n#include <leasehold/{header}>\n"
            "int use(void);\nint use(void) { return LH_OK; }\n",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )  # fmt: skip
        self.assertEqual((0, ""), (done.returncode, done.stdout))

    def test_each_in_each_language(self):
        c, cpp = os.environ["LEASEHOLD_CC"], os.environ["LEASEHOLD_CXX"]
        for header in ("leasehold.h", "testing.h"):
            for language, compiler, standard in (
                ("c", c, "c99"), ("c", c, "c17"), ("c++", cpp, "c++11"), ("c++", cpp, "c++20"),
            ):  # fmt: skip
                with self.subTest(header=header, standard=standard):
                    self.compile(compiler, language, standard, header)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
