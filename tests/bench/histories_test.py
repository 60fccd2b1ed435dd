#!/usr/bin/env python3
"""Whether what is read from a lock's history, and from the counters of kernel and server, is what happened.

    histories_test.py
"""

import os
import shutil
import socket
import sys
import threading
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "cmake", "dev")]

import contest  # noqa: E402  (found only once the path is set)
import counters  # noqa: E402
import histories  # noqa: E402
import ratio_bars  # noqa: E402


class Handoffs(unittest.TestCase):
    GRANTS = (
        # session, running, release called
        (0, 100, 110),
        (1, 115, 120),
        (1, 121, 130),  # took it again: no hand-off
        (0, 137, 140),
    )

    def test_a_delay_is_from_the_call_of_release_to_the_next_one_running(self):
        self.assertEqual(histories.handoffs(self.GRANTS), [5, 7])

    def test_the_order_in_which_grants_were_written_down_does_not_matter(self):
        self.assertEqual(histories.handoffs(self.GRANTS[::-1]), [5, 7])

    def test_a_rate_counts_those_that_changed_the_session(self):
        self.assertEqual(histories.handoffs_per_second(self.GRANTS), 2 / 37 * 1e6)


class Overtakers(unittest.TestCase):
    def test_nobody_overtakes_who_come_first_and_are_served_first(self):
        self.assertEqual(histories.overtakers([(1, 10), (2, 20), (3, 30)]), [0, 0, 0])

    def test_each_has_been_overtaken_by_those_who_came_later_and_were_granted_earlier(self):
        # Calls at 1 to 4; the order of the grants is 3, 4, 1, 2.
        self.assertEqual(histories.overtakers([(1, 30), (2, 40), (3, 10), (4, 20)]), [0, 0, 2, 2])

    def test_tokens_have_to_rise_in_the_order_of_the_grants(self):
        self.assertTrue(histories.do_tokens_rise([(1, 20, 7), (2, 10, 5)]))
        self.assertFalse(histories.do_tokens_rise([(1, 10, 7), (2, 20, 7)]))


class RatioBars(unittest.TestCase):
    def test_a_bar_is_a_bound_from_above_or_from_below(self):
        ours, base = [[3], [30]], [[2], [20]]
        self.assertTrue(ratio_bars.at_least("rate", ours, base, 1.5)["is_met"])
        self.assertFalse(ratio_bars.at_least("rate", ours, base, 1.6)["is_met"])
        self.assertTrue(ratio_bars.at_most("cost", ours, base, 1.5)["is_met"])
        self.assertFalse(ratio_bars.at_most("cost", ours, base, 1.4)["is_met"])


class Connections(unittest.TestCase):
    @unittest.skipUnless(shutil.which("ss"), "there is no ss (iproute2)")
    def test_bytes_of_both_directions_are_the_kernel_s(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port)) as ours, listener.accept()[0] as theirs:
                before = counters.sockets(port, {os.getpid()})
                ours.sendall(b"x" * 1000)
                theirs.recv(1000, socket.MSG_WAITALL)
                theirs.sendall(b"y" * 300)
                ours.recv(300, socket.MSG_WAITALL)
                after = counters.sockets(port, {os.getpid()})
        self.assertEqual(len(after), 1)
        traffic = counters.between(before, after)
        self.assertEqual(traffic.payload, 1300)
        self.assertGreaterEqual(traffic.segments, 2)
        self.assertEqual(counters.on_wire(traffic), 1300 + counters.HEADERS * traffic.segments)

    def test_sockets_of_others_are_not_counted(self):
        self.assertEqual(counters.sockets(1, {os.getpid()}), {})

    def test_a_connection_that_was_lost_is_no_figure(self):
        was = {(1, "127.0.0.1:1"): counters.Traffic(10, 1)}
        with self.assertRaisesRegex(contest.Failed, "lost"):
            counters.between(was, {})

    def test_a_connection_that_is_new_counts_as_a_whole(self):
        now = {(1, "127.0.0.1:1"): counters.Traffic(10, 1), (1, "127.0.0.1:2"): counters.Traffic(5, 2)}
        was = {(1, "127.0.0.1:1"): counters.Traffic(4, 1)}
        self.assertEqual(counters.between(was, now), counters.Traffic(11, 2))


class FakeServer:
    """Answers four-letter words as ZooKeeper does, and counts each as a request."""

    def __init__(self):
        self.received = 100
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                word = connection.recv(4)
                self.received += 1
                answers = {
                    b"srvr": f"Latency min/avg/max: 0/0.5/7\nReceived: {self.received}\nSent: 9\nZxid: 0x1f\n",
                    b"mntr": "zk_ephemerals_count\t3\nzk_watch_count\t2\n",
                }
                connection.sendall(answers[word].encode())


class Requests(unittest.TestCase):
    def setUp(self):
        self.server = FakeServer()
        self.addCleanup(self.server.close)
        self.counters = counters.ServerCounters(self.server.port)

    def test_our_own_questions_do_not_count(self):
        begin = self.counters.requests()
        self.counters.transactions()
        self.assertEqual(self.counters.requests() - begin, 0)
        self.server.received += 5
        self.assertEqual(self.counters.requests() - begin, 5)

    def test_transactions_are_counted_by_the_last_one_s_number(self):
        self.assertEqual(self.counters.transactions(), 0x1F)

    def test_a_queue_stands_when_all_nodes_and_watches_are_there(self):
        self.counters.wait_for(3, 2, 5)
        for wanted in ((4, 2), (2, 3)):
            with self.assertRaisesRegex(contest.Failed, "3 nodes and 2 watches"):
                self.counters.wait_for(*wanted, 0.2)


if __name__ == "__main__":
    unittest.main()
