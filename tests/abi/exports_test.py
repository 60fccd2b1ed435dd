#!/usr/bin/env python3
"""The shared libraries export what the public headers declare, all of it and nothing else."""

import glob
import os
import re
import subprocess
import sys
import unittest

import abi

INCLUDE = os.path.join(abi.SOURCE, "include", "leasehold")
LIBRARIES = os.path.join(os.environ["LEASEHOLD_PREFIX"], os.environ["LEASEHOLD_LIBDIR"])


def symbols(*arguments, without="A"):
    """Demangled names of functions and data, but those of the kinds `without`."""
    done = subprocess.run(
        ["nm", "--demangle", "--defined-only", "--format=posix", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    line = re.compile(r"^(.+?)(?:@@?\S+)? ([A-Zuvw]) [0-9a-f]+ [0-9a-f]*$", re.MULTILINE)
    return {name for name, kind in line.findall(done.stdout) if kind not in without}


class PublicNames:
    """Which C++ names the public headers of one library have."""

    def __init__(self, headers, namespace):
        self.namespace = namespace
        text = ""
        for header in headers:
            with open(header, encoding="utf-8") as file:
                text += re.sub(r"//[^\n]*", "", file.read())
        # With a body: what is only named there is none of the reader's business.
        self.classes = set(re.findall(r"^(?:class|struct) (\w+)[^;{]*\{", text, re.MULTILINE))
        self.functions = set(re.findall(r"^(?!    )[^\n=#]*?\b(\w+)\(", text, re.MULTILINE))

    def has(self, symbol):
        """Whether it is a function, or a class's member, of the headers; what is nested is not."""
        prefix = f"{self.namespace}::"
        if not symbol.startswith(prefix):
            return False
        name = re.sub(r"\[abi:\w+\]", "", symbol[len(prefix) :].partition("(")[0])
        parts = name.removeprefix("detail::").split("::")
        if len(parts) == 1:
            return parts[0] in self.functions
        return len(parts) == 2 and parts[0] in self.classes


class Exports(unittest.TestCase):
    def compare(self, library, c_header, public, archives):
        exported = symbols("-D", os.path.join(LIBRARIES, f"lib{library}.so"))
        in_c = abi.declared(os.path.dirname(INCLUDE), c_header)
        compiled = set()
        for name in archives:
            archive = os.path.join(LIBRARIES, f"lib{name}.a")
            # Weak is what every program has a copy of: it is inline, or a template.
            compiled |= symbols("--extern-only", archive, without="AVWu")
        in_cpp = {name for name in compiled if public.has(name)}
        self.assertGreater(len(in_c), 10)
        self.assertGreater(len(in_cpp), 10)
        self.assertEqual([], sorted(in_c - exported), "declared in C and not exported")
        self.assertEqual([], sorted(in_cpp - exported), "declared in C++ and not exported")
        self.assertEqual([], sorted(exported - in_c - in_cpp), "exported and not declared")

    def test_the_library(self):
        headers = glob.glob(os.path.join(INCLUDE, "**", "*.hpp"), recursive=True)
        headers.remove(os.path.join(INCLUDE, "testing.hpp"))
        public = PublicNames(headers, "leasehold")
        self.assertFalse(public.has("leasehold::detail::Hold::end()"))
        self.assertFalse(public.has("leasehold::core::Engine::start()"))
        self.compare(
            "leasehold", "leasehold.h", public, ("leasehold", "leasehold_net", "leasehold_core")
        )

    def test_the_servers_for_tests(self):
        public = PublicNames([os.path.join(INCLUDE, "testing.hpp")], "leasehold::testing")
        self.assertFalse(public.has("leasehold::testing::EmbeddedServer::Impl::each()"))
        self.compare("leasehold_testing", "testing.h", public, ("leasehold_testing",))

    def test_errors_of_the_servers_are_the_librarys(self):
        """One category, or a code of one library were not equal to the same code of the other."""
        done = subprocess.run(
            ["nm", "--demangle", os.path.join(LIBRARIES, "libleasehold_testing.so")],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
        errors = re.findall(r" (\w) leasehold::(?:Error::|make_error_code|\w+_category)", done.stdout)
        self.assertEqual({"U"}, set(errors), "made elsewhere")

    def test_their_names_for_the_linker_have_the_version(self):
        for name in ("libleasehold", "libleasehold_testing"):
            done = subprocess.run(
                ["readelf", "--dynamic", os.path.join(LIBRARIES, f"{name}.so")],
                check=True,
                stdout=subprocess.PIPE,
                text=True,
            )
            self.assertIn(f"Library soname: [{name}.so.{abi.so_version()}]", done.stdout)
            self.assertIn("NODELETE", done.stdout)
            self.assertNotRegex(done.stdout, r"R(UN)?PATH")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
