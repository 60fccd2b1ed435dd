#!/usr/bin/env python3
"""Whether the figures of what leasehold costs its own process are what they are said to be: what a wire
is heard to carry, what a profiler says, and what is made of both.

    client_cost_test.py
"""

import os
import socket
import struct
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "cmake", "dev")]

import bars  # noqa: E402  (found only once the path is set)
import tap  # noqa: E402
import valgrind  # noqa: E402
from contest import Failed  # noqa: E402
from scenarios import budget, held, inprocess, reconnect  # noqa: E402


def framed(body):
    return struct.pack(">i", len(body)) + body


def request(xid, code, path=""):
    return framed(struct.pack(">iii", xid, code, len(path)) + path.encode())


CONNECT = framed(bytes(45))
PING = framed(struct.pack(">ii", -2, tap.PING))


class Wire(unittest.TestCase):
    def test_requests_have_the_time_at_which_their_last_byte_came(self):
        delete = request(1, tap.DELETE, "/a/b")
        found = list(tap.requests_of([(10, CONNECT + PING + delete[:7]), (20, delete[7:])]))
        self.assertEqual(
            found,
            [
                tap.Request(10, tap.CONNECT, "", 49),
                tap.Request(10, "ping", "", 12),
                tap.Request(20, "delete", "/a/b", len(delete)),
            ],
        )

    def test_four_letter_words_are_no_requests(self):
        self.assertEqual(list(tap.requests_of([(10, b"srvr")])), [])

    def test_unknown_operations_keep_their_number(self):
        [_, found] = tap.requests_of([(10, CONNECT + request(1, 103))])
        self.assertEqual(found.what, "103")

    def test_a_tap_carries_both_ways_is_cut_and_admits_again(self):
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)
        with tap.Tap(server.getsockname()[1]) as wire:
            for number in (1, 2):
                with socket.create_connection(("127.0.0.1", wire.port), timeout=10) as client:
                    client.sendall(CONNECT)
                    at_server, _ = server.accept()
                    with at_server:
                        at_server.settimeout(10)
                        self.assertEqual(at_server.recv(100), CONNECT)
                        at_server.sendall(b"answer")
                        self.assertEqual(client.recv(100), b"answer")
                        before = tap.now_ns()
                        self.assertGreaterEqual(wire.sever(), before)
                        for end in (client, at_server):
                            with self.assertRaises(ConnectionResetError):
                                end.recv(1)
                self.assertEqual(len(wire.wires()), number)
            last = wire.wires()[-1]
        self.assertEqual([chunk for _, chunk in last.sent], [CONNECT])
        self.assertEqual([chunk for _, chunk in last.received], [b"answer"])


class Bars(unittest.TestCase):
    def test_a_bar_is_met_at_its_limit_and_not_beyond(self):
        self.assertTrue(bars.at_most("", 5, 5)["is_met"])
        self.assertFalse(bars.at_most("", 5.01, 5)["is_met"])
        self.assertTrue(bars.at_least("", 0, 0)["is_met"])
        self.assertFalse(bars.at_least("", -0.01, 0)["is_met"])
        self.assertFalse(bars.exactly("", 9_999, 10_000)["is_met"])


ANNOTATED = """
47,572,532  PROGRAM TOTALS
Ir         file:function
34,696,917  ./nptl/./nptl/pthread_create.c:start_thread [/lib/libc.so.6]
 6,924,952  ???:leasehold::core::Engine::on_bytes(std::basic_string_view<char>) [/bin/program]
       100  ???:leasehold::core::Engine::on_bytes(std::basic_string_view<char>) [/bin/program]
        12  ./malloc/./malloc/malloc.c:free [/lib/libc.so.6]
"""

FRAMES = [
    "[root]",
    "0x1: operator new(unsigned long) (in /lib/vgpreload_dhat.so)",
    "0x2: void std::deque<leasehold::core::Waiter>::grow() (in /bin/program)",
    "0x3: leasehold::core::LockQueue::join(long) (in /bin/program)",
    "0x4: leasehold::bench::obey() (in /bin/program)",
    "0x5: main (main.cpp:12)",
]


class Profiles(unittest.TestCase):
    def test_instructions_are_read_by_function(self):
        found = valgrind.annotated(ANNOTATED)
        engine = "leasehold::core::Engine::on_bytes(std::basic_string_view<char>)"
        self.assertEqual(found[("???", engine, "/bin/program")], 6_925_052)
        self.assertEqual(found[("./malloc/./malloc/malloc.c", "free", "/lib/libc.so.6")], 12)
        self.assertEqual(len(found), 3)

    def test_each_function_belongs_to_one_part(self):
        self.assertEqual(valgrind.part_of("leasehold::core::Engine::on_bytes()", "???"), "core")
        self.assertEqual(valgrind.part_of("leasehold::Client::lock() const", "???"), "client")
        self.assertEqual(valgrind.part_of("free", "./malloc/malloc.c"), valgrind.MALLOC)
        self.assertEqual(valgrind.part_of("something", "???", None), "other")

    def test_a_site_is_the_innermost_function_of_ours(self):
        document = {
            "ftbl": FRAMES,
            "pps": [
                {"fs": [1, 2, 3, 4, 5], "tbk": 2, "tb": 100},
                {"fs": [1, 3, 4, 5], "tbk": 1, "tb": 10},
                {"fs": [1, 4, 5], "tbk": 7, "tb": 70},
            ],
        }
        join = "leasehold::core::LockQueue::join(long)"
        self.assertEqual(valgrind.sites(document, "tbk"), {join: 3, "main": 7})
        self.assertEqual(valgrind.sites(document, "tb"), {join: 110, "main": 70})

    def test_what_both_runs_have_in_common_cancels_out(self):
        fewer = {"start": 1000, "pair": 200}
        more = {"start": 1000, "pair": 1200, "new": 5}
        self.assertEqual(valgrind.per_one(fewer, more, 10), {"start": 0, "pair": 100, "new": 0.5})

    def test_the_greatest_come_first_and_accidents_not_at_all(self):
        self.assertEqual(valgrind.top({"a": 1, "b": 7, "c": 0.01}), [[7, "b"], [1, "a"]])

    def test_names_are_short_but_say_whose_they_are(self):
        self.assertEqual(
            valgrind.short("void leasehold::core::(anonymous namespace)::f<int>(map<int, int>) const"),
            "leasehold::core::f",
        )
        self.assertEqual(
            valgrind.short("std::_Function_handler<void (), leasehold::core::X::go(int)::{lambda()#1}>::x"),
            "std::_Function_handler of leasehold::core::X::go",
        )


def usage(seconds, cpu, pings=0, requests=0):
    return {"seconds": seconds, "cpu_seconds": cpu, "pings": pings, "requests": requests}


class Scenarios(unittest.TestCase):
    def test_use_is_what_came_between_two_looks(self):
        found = held.used(usage(100, 1.0, pings=5), usage(110, 1.25, pings=15, requests=2))
        self.assertEqual(found, {"seconds": 10, "cpu_percent": 2.5, "pings": 10, "requests": 2})

    def test_delays_are_of_each_holder_by_its_own_deadline(self):
        found = budget.past(
            {"/a": 1_000_000, "/b": 3_000_000},
            {"/a": 2_000_000, "/b": 3_500_000, "/other": 9},
            {"/a": 5_000_000, "/b": 5_000_000},
        )
        self.assertEqual(found, {"written": [1.0, 0.5], "gone": [4.0, 2.0], "spread": 2.0})

    def test_a_cut_is_charged_with_what_came_after_it(self):
        wires = [
            tap.Wire(sent=[(5, CONNECT), (9, PING)], received=[(6, b"12345")]),
            tap.Wire(
                sent=[(20, CONNECT), (40, PING)],
                received=[(30, b"answer" * 4), (45, b"a ping's"), (50, b"late" * 6)],
            ),
        ]
        requests = [list(tap.requests_of(wire.sent)) for wire in wires]
        marks = {"cut_at": 10, "connected_at": 30, "safe_at": 35, "silent_at": 45, "in_jeopardy": 7}
        found = reconnect.of_cut(marks, wires, requests)
        self.assertEqual(found["requests"], {"connect": 1})
        self.assertEqual((found["bytes_sent"], found["bytes_received"]), (49, 24))
        self.assertEqual((found["connected_ms"], found["settled_ms"]), (20 / 1e6, 20 / 1e6))

    def test_medians_and_deviations_are_those_of_google_benchmark(self):
        def row(kind, time, index=0):
            return {
                "name": f"pair/0/manual_time_{kind}",
                "run_name": "pair/0/manual_time",
                "aggregate_name": kind,
                "real_time": time,
                "family_index": index,
                "per_family_instance_index": 0,
            }

        document = {"benchmarks": [row("mean", 9), row("median", 7), row("stddev", 1)]}
        self.assertEqual(inprocess.summary(document), {"pair/0": {"median": 7, "deviation": 1}})
        failed = row("median", 7) | {"error_occurred": True, "error_message": "no lock"}
        with self.assertRaisesRegex(Failed, "no lock"):
            inprocess.summary({"benchmarks": [failed]})


if __name__ == "__main__":
    unittest.main()
