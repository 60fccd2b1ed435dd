#!/usr/bin/env python3
"""Feeds layers.py one small bad tree per rule: it must report each, and nothing else."""

import os
import subprocess
import sys
import tempfile
import unittest

import layers

# A tree that breaks no rule, and looks like one that breaks many to a reader who cannot tell code
# from comments, strings and digit separators.
GOOD = {
    "include/leasehold/error.hpp": "#include <boost/outcome/std_result.hpp>\n",
    "include/leasehold/clock.hpp": "#include <chrono>\n",
    "include/leasehold/client.hpp": "#include <boost/asio/any_io_executor.hpp>\n",
    "include/leasehold/leasehold.hpp": "#include <leasehold/client.hpp>\n",
    "sdk/wire/frame.hpp": "#include <string>\n",
    "sdk/wire/frame.cpp": '#include "sdk/wire/frame.hpp"\n',
    "sdk/core/session.hpp": (
        '#include "sdk/wire/frame.hpp"\n#include <leasehold/error.hpp>\n'
        "// no #include <thread> here, no co_await, no steady_clock::now()\n"
        "/*\n#include <boost/asio.hpp>\n*/\n"
        "auto text = \"co_await steady_clock::now() \\\" // random_device\"; // it's\n"
        "auto raw = R\"(co_return 'x)\"; int n = 10'000; char c = '\"';\n"
    ),
    "sdk/net/stream.hpp": '#include <boost/asio/ip/tcp.hpp>\n#include "sdk/core/session.hpp"\n',
    "sdk/client/client.cpp": (
        '#include "sdk/net/stream.hpp"\n#include <leasehold/client.hpp>\n#include <thread>\n'
        "auto now = std::chrono::steady_clock::now();\n"
    ),
    "sdk/client/record.cpp": "#include <leasehold/v1/contender.pb.h>\n",
    "sdk/server/tree.cpp": '#include "sdk/wire/frame.hpp"\n#include <leasehold/clock.hpp>\n',
    "sdk/embedded/front.hpp": (
        '#include "sdk/server/tree.cpp"\n#include "sdk/net/stream.hpp"\n#include <boost/asio.hpp>\n'
    ),
    "sdk/embedded/embedded_server.cpp": "#include <leasehold/testing.hpp>\n#include <thread>\n",
    "include/leasehold/testing.hpp": "#include <leasehold/error.hpp>\n",
    "sdk/cli/main.cpp": "#include <leasehold/leasehold.hpp>\n",
    "sdk/cli/options.hpp": "#include <string>\n",
    "examples/quickstart/main.cpp": "#include <leasehold/leasehold.hpp>\nvoid f() { co_return; }\n",
    "tests/unit/core/session_test.cpp": '#include "sdk/core/session.hpp"\n#include <thread>\n',
    "tests/unit/cli/options_test.cpp": '#include "sdk/cli/options.hpp"\n',
}

# What is wrong: the file, its text, and the rule that must be named.
BAD = {
    "wire includes a public header": (
        "sdk/wire/bad.hpp", "#include <leasehold/error.hpp>\n", "arrow"),
    "wire includes core": ("sdk/wire/bad.hpp", '#include "sdk/core/session.hpp"\n', "arrow"),
    "wire includes core by a relative path": (
        "sdk/wire/bad.hpp", '#include "../core/session.hpp"\n', "arrow"),
    "wire includes Asio": ("sdk/wire/bad.hpp", "#include <boost/asio/buffer.hpp>\n", "asio"),
    "wire includes a thread": ("sdk/wire/bad.hpp", "#include <mutex>\n", "impure-include"),
    "core includes net": ("sdk/core/bad.hpp", '#include "sdk/net/none.hpp"\n', "arrow"),
    "core includes client": ("sdk/core/bad.hpp", '#include "sdk/client/none.hpp"\n', "arrow"),
    "core includes server": ("sdk/core/bad.hpp", '#include "sdk/server/none.hpp"\n', "arrow"),
    "core includes the command line": (
        "sdk/core/bad.hpp", '#include "sdk/cli/options.hpp"\n', "arrow"),
    "core includes protobuf": (
        "sdk/core/bad.cpp", "#include <leasehold/v1/other.pb.h>\n", "arrow"),
    "core includes Asio": ("sdk/core/bad.cpp", "#  include <boost/asio.hpp>\n", "asio"),
    "core includes stand-alone Asio": ("sdk/core/bad.cpp", "#include <asio/ip/tcp.hpp>\n", "asio"),
    "core includes a public header with Asio in it": (
        "sdk/core/bad.cpp", "#include <leasehold/client.hpp>\n", "asio"),
    "core includes Asio through two public headers": (
        "sdk/core/bad.cpp", "#include <leasehold/leasehold.hpp>\n", "asio"),
    "core starts threads": ("sdk/core/bad.cpp", "#include <thread>\n", "impure-include"),
    "core locks": ("sdk/core/bad.cpp", "#include <mutex>\n", "impure-include"),
    "core waits": ("sdk/core/bad.cpp", "#include <condition_variable>\n", "impure-include"),
    "core has futures": ("sdk/core/bad.cpp", "#include <future>\n", "impure-include"),
    "core draws random numbers": ("sdk/core/bad.cpp", "#include <random>\n", "impure-include"),
    "core opens sockets": ("sdk/core/bad.cpp", "#include <sys/socket.h>\n", "impure-include"),
    "core resolves names": ("sdk/core/bad.cpp", "#include <netdb.h>\n", "impure-include"),
    "core reads a clock": (
        "sdk/core/bad.cpp", "auto t = std::chrono::steady_clock::now();\n", "impure-call"),
    "core reads the kernel's clock": (
        "sdk/core/bad.cpp", "int r = clock_gettime(0, &t);\n", "impure-call"),
    "core asks for entropy": ("sdk/core/bad.cpp", "std::random_device d;\n", "impure-call"),
    "core sleeps": (
        "sdk/core/bad.cpp", "std::this_thread::sleep_for(1s);\n", "impure-call"),
    "net includes client": ("sdk/net/bad.cpp", '#include "sdk/client/none.hpp"\n', "arrow"),
    "net includes the command line": (
        "sdk/net/bad.cpp", '#include "sdk/cli/options.hpp"\n', "arrow"),
    "net includes server": ("sdk/net/bad.cpp", '#include "sdk/server/none.hpp"\n', "arrow"),
    "client includes the command line": (
        "sdk/client/bad.cpp", '#include "sdk/cli/options.hpp"\n', "arrow"),
    "client includes server": ("sdk/client/bad.cpp", '#include "sdk/server/none.hpp"\n', "arrow"),
    "a test of another layer includes the command line": (
        "tests/unit/core/bad_test.cpp", '#include "sdk/cli/options.hpp"\n', "arrow"),
    "a public header includes the SDK": (
        "include/leasehold/bad.hpp", '#include "sdk/core/session.hpp"\n', "arrow"),
    "a public header includes protobuf": (
        "include/leasehold/bad.hpp", "#include <leasehold/v1/other.pb.h>\n", "arrow"),
    "server includes core": ("sdk/server/bad.cpp", '#include "sdk/core/session.hpp"\n', "arrow"),
    "server includes client": ("sdk/server/bad.cpp", '#include "sdk/client/none.hpp"\n', "arrow"),
    "server includes Asio": ("sdk/server/bad.cpp", "#include <boost/asio/buffer.hpp>\n", "asio"),
    "server includes a public header with Asio in it": (
        "sdk/server/bad.cpp", "#include <leasehold/client.hpp>\n", "asio"),
    "server reads a clock": (
        "sdk/server/bad.cpp", "auto t = std::chrono::steady_clock::now();\n", "impure-call"),
    "embedded includes client": (
        "sdk/embedded/bad.cpp", '#include "sdk/client/none.hpp"\n', "arrow"),
    "embedded includes the command line": (
        "sdk/embedded/bad.cpp", '#include "sdk/cli/options.hpp"\n', "arrow"),
    "client includes embedded": (
        "sdk/client/bad.cpp", '#include "sdk/embedded/none.hpp"\n', "arrow"),
    "the command line includes the servers' model": (
        "sdk/cli/bad.cpp", '#include "sdk/server/none.hpp"\n', "arrow"),
    "an example includes the SDK": (
        "examples/bad/main.cpp", '#include "sdk/core/session.hpp"\n', "arrow"),
    "the C interface includes core": (
        "sdk/capi/bad.cpp", '#include "sdk/core/session.hpp"\n', "arrow"),
    "a binding includes the SDK": (
        "bindings/bad/native.cpp", '#include "sdk/capi/handles.hpp"\n', "arrow"),
    "a benchmark includes the client's inside": (
        "bench/bad.cpp", '#include "sdk/client/none.hpp"\n', "arrow"),
    "a contestant includes core": (
        "bench/bad.cpp", '#include "sdk/core/session.hpp"\n', "arrow"),
    "a benchmark in process includes the client's inside": (
        "bench/inprocess/bad.cpp", '#include "sdk/client/none.hpp"\n', "arrow"),
    "the SDK awaits": ("sdk/client/bad.cpp", "auto x = co_await y;\n", "coroutine"),
    "the SDK is a coroutine": ("sdk/net/bad.hpp", "inline T f() { co_return 1; }\n", "coroutine"),
    "the command line awaits": ("sdk/cli/bad.cpp", "void f() { co_await g(); }\n", "coroutine"),
    "protobuf in a second file": (
        "sdk/client/second.cpp", "#include <leasehold/v1/contender.pb.h>\n", "protobuf"),
    "a layer nobody made a rule for": ("sdk/novel/bad.cpp", "int x;\n", "unknown-layer"),
    "a file of no layer": ("sdk/bad.cpp", "int x;\n", "unknown-layer"),
}


def write_tree(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)


class Layers(unittest.TestCase):
    def findings(self, files):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, files)
            return layers.check(root)[1]

    def test_a_good_tree_has_no_findings(self):
        self.assertEqual([], [str(each) for each in self.findings(GOOD)])

    def test_each_bad_tree_is_reported_where_it_is_bad(self):
        for what, (path, text, rule) in BAD.items():
            with self.subTest(what):
                self.assertNotIn(path, GOOD)
                found = self.findings({**GOOD, path: text})
                self.assertEqual([(path, 1, rule)], [(f.path, f.line, f.rule) for f in found])

    def test_the_line_is_that_of_the_include(self):
        text = "// a comment\n/* two\nlines */\n\n#include <thread>\n"
        found = self.findings({**GOOD, "sdk/core/bad.cpp": text})
        self.assertEqual([5], [each.line for each in found])

    def test_every_layer_has_a_rule_that_can_fail(self):
        layers_tried = {layers.layer_of(path) for path, _, _ in BAD.values()}
        # These see nearly everything, or have the rule of another layer that is tried.
        exempt = {"tests/unit/cli", "tests/fuzz", "cli"}
        self.assertEqual(set(), set(layers.MAY_INCLUDE) - layers_tried - exempt)

    def test_the_command_fails_on_a_bad_tree_and_names_the_place(self):
        with tempfile.TemporaryDirectory() as root:
            write_tree(root, {**GOOD, "sdk/core/bad.cpp": "#include <thread>\n"})
            bad = subprocess.run(
                [sys.executable, layers.__file__, root],
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
        self.assertEqual(1, bad.returncode)
        self.assertIn("sdk/core/bad.cpp:1: core must not know <thread>", bad.stdout)

    def test_the_command_fails_on_a_tree_without_sources(self):
        with tempfile.TemporaryDirectory() as root:
            empty = subprocess.run(
                [sys.executable, layers.__file__, root], stdout=subprocess.DEVNULL, check=False
            )
        self.assertEqual(1, empty.returncode)


if __name__ == "__main__":
    unittest.main()
