#!/usr/bin/env python3
"""Whether the contestants from the registries of Go and Rust do what a contest asks of them, on real
servers; and what is said of those that are not to be had.

    peers_test.py NAME      go-zookeeper, etcd, zookeeper-client, or absence; exit 77: it was not built
"""

import os
import sys
import tempfile
import unittest
from unittest import mock

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "bench"), os.path.join(ROOT, "cmake", "dev")]

import contest  # noqa: E402  (found only once the path is set)
import etcd_servers  # noqa: E402
import histories  # noqa: E402
import peers  # noqa: E402
import zk_servers  # noqa: E402

SKIPPED = 77
START_S = 40


class Contest:
    """What all of them have to do. `self.hosts` is where the server is."""

    def contestant(self):
        made = contest.Contestant(self.name, [peers.program(self.name), self.hosts])
        self.addCleanup(made.stop)
        return made

    def test_each_pair_has_its_two_times(self):
        answer = self.contestant().ask("serial", "/serial", 20)
        for step in ("acquire", "release"):
            self.assertEqual(len(answer[step]), 20)
            self.assertGreater(min(answer[step]), 0)

    def test_many_locks_are_taken_at_once(self):
        self.assertGreater(self.contestant().ask("many", "/many", 16, 3)["seconds"], 0)

    def test_a_handed_off_lock_is_held_by_one_at_a_time(self):
        contestant = self.contestant()
        for hold_us in (1000, 0):
            grants = contestant.ask("handoff", "/handoff", 3, 12, hold_us)["grants"]
            self.assertGreaterEqual(len(grants), 12)
            self.assertEqual({session for session, _, _ in grants}, {0, 1, 2})
            # A release is called before the next one runs, so no delay is below nothing.
            self.assertGreater(min(histories.handoffs(grants)), 0)
            self.assertTrue(all(released - running >= hold_us for _, running, released in grants))

    def test_a_command_that_is_none_is_an_error(self):
        with self.assertRaisesRegex(contest.Failed, self.name):
            self.contestant().ask("no-such-command")


class OnZooKeeper(Contest):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(directory.cleanup)
        servers = zk_servers.Servers(directory.name, "peers")
        servers.start(zk_servers.settings(), START_S, die_with_us=True)
        cls.addClassCleanup(servers.stop)
        cls.hosts = servers.connect_string


class GoZookeeper(OnZooKeeper, unittest.TestCase):
    name = peers.GO_ZOOKEEPER

    def test_it_has_no_try(self):
        with self.assertRaisesRegex(contest.Failed, "no try"):
            self.contestant().ask("try", "/try", 1)


class ZooKeeperClient(OnZooKeeper, unittest.TestCase):
    name = peers.ZOOKEEPER_CLIENT


class Etcd(Contest, unittest.TestCase):
    name = peers.ETCD

    @classmethod
    def setUpClass(cls):
        cls.directory = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.hosts = cls.enterClassContext(etcd_servers.running(1, cls.directory, START_S))

    def test_a_try_is_refused_while_another_session_holds_the_lock(self):
        holder, trying = self.contestant(), self.contestant()
        holder.ask("hold", "/try")
        self.assertEqual(len(trying.ask("try", "/try", 5)["try"]), 5)
        holder.ask("let_go")
        with self.assertRaisesRegex(contest.Failed, "not busy"):
            trying.ask("try", "/try", 1)

    def test_three_servers_elect_the_one_that_is_used(self):
        with etcd_servers.running(3, self.directory, START_S) as hosts:
            contestant = contest.Contestant(self.name, [peers.program(self.name), hosts])
            try:
                self.assertEqual(len(contestant.ask("serial", "/serial", 2)["acquire"]), 2)
            finally:
                contestant.stop()


class Absence(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        patched = mock.patch.object(peers, "DIRECTORY", self.directory)
        patched.start()
        self.addCleanup(patched.stop)

    def built_with(self, *command):
        with mock.patch.object(peers, "build_command", lambda name: (list(command), self.directory)):
            peers.build(peers.GO_ZOOKEEPER)
        return peers.why_absent(peers.GO_ZOOKEEPER)

    def test_one_that_was_never_built_is_absent(self):
        self.assertIn("not built", peers.why_absent(peers.GO_ZOOKEEPER))

    def test_a_toolchain_that_is_missing_is_named(self):
        self.assertEqual(self.built_with("no-such-toolchain"), "there is no no-such-toolchain")

    def test_a_toolchain_s_last_words_are_the_reason(self):
        why = self.built_with("sh", "-c", "echo first; echo too old >&2; exit 1")
        self.assertEqual(why, "sh cannot build it: too old")
        self.assertIn(peers.GO_ZOOKEEPER, peers.absent())

    def test_what_an_earlier_run_has_built_does_not_stand_in(self):
        program = peers.program(peers.GO_ZOOKEEPER)
        make = f"mkdir -p {os.path.dirname(program)}; touch {program}; chmod +x {program}"
        self.assertIsNone(self.built_with("sh", "-c", make))
        self.assertIn("it says nothing", self.built_with("false"))
        self.assertIsNone(self.built_with("sh", "-c", make))

    def test_without_a_server_of_etcd_its_client_is_absent(self):
        with mock.patch.object(etcd_servers, "program", lambda: None):
            self.assertEqual(peers.why_absent(peers.ETCD), "there is no etcd server")


def main():
    name = sys.argv.pop(1)
    cases = {case.name: case for case in (GoZookeeper, ZooKeeperClient, Etcd)}
    if name in cases and (why := peers.why_absent(name)):
        print(f"skipped: {why}")
        return SKIPPED
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(cases.get(name, Absence))
    return 0 if unittest.TextTestRunner().run(suite).wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
