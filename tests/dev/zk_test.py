#!/usr/bin/env python3
"""'./dev zk' on real servers: they serve when it says so, and nothing is left when it is done."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ZK = os.path.join(SOURCE, "cmake", "dev", "zk.py")
sys.path[:0] = [os.path.dirname(ZK), os.path.join(SOURCE, "tests", "support")]
import zk_servers  # noqa: E402  (found only once the path is set)
from waiting import PATIENCE_S, wait_until  # noqa: E402


def is_alive(pid):
    return zk_servers.start_ticks(pid) is not None


class Zk(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.root = directory.name
        self.addCleanup(directory.cleanup)
        self.addCleanup(self.zk, "stop", "--all")

    def command(self, what, *arguments):
        return [sys.executable, "-B", ZK, what, "--root", self.root, *arguments]

    def zk(self, what, *arguments):
        return subprocess.run(
            self.command(what, *arguments), capture_output=True, text=True, check=False
        )

    def nodes(self, name):
        return json.loads(self.zk("status", "--name", name, "--json").stdout)[0]["nodes"]

    def start(self, *arguments):
        started = self.zk("start", *arguments)
        self.assertEqual(0, started.returncode, started.stderr)
        return started.stdout.strip()

    def assert_nothing_left(self, pids):
        self.assertEqual([], os.listdir(self.root))
        for pid in pids:
            self.assertFalse(is_alive(pid))

    def test_one_server_serves_and_goes(self):
        for netty in ([], ["--netty"]):
            with self.subTest(netty=netty):
                connect = self.start("--name", "one", *netty)
                (node,) = self.nodes("one")
                self.assertEqual((connect, "standalone"), (node["address"], node["mode"]))
                self.assertEqual(0, self.zk("stop", "--name", "one").returncode)
                self.assert_nothing_left([node["pid"]])

    def test_three_servers_elect_one_leader(self):
        connect = self.start("--name", "three", "--nodes", "3")
        nodes = self.nodes("three")
        self.assertEqual(connect, ",".join(node["address"] for node in nodes))
        modes = sorted(node["mode"] for node in nodes)
        self.assertEqual(["follower", "follower", "leader"], modes)
        self.zk("stop", "--name", "three")
        self.assert_nothing_left([node["pid"] for node in nodes])

    def test_starting_twice_changes_nothing_and_other_settings_are_refused(self):
        connect = self.start()
        before = self.nodes("default")
        self.assertEqual(connect, self.start())
        self.assertEqual(before, self.nodes("default"))
        refused = self.zk("start", "--tick", "500")
        self.assertEqual(1, refused.returncode)
        self.assertIn("other settings", refused.stderr)

    def test_a_killed_server_is_seen_and_started_again_on_its_port(self):
        connect = self.start()
        (before,) = self.nodes("default")
        os.kill(before["pid"], signal.SIGKILL)
        wait_until(lambda: not is_alive(before["pid"]), "the server is dead")
        self.assertEqual(3, self.zk("status").returncode)
        self.assertEqual(connect, self.start())
        (after,) = self.nodes("default")
        self.assertNotEqual(before["pid"], after["pid"])

    def test_what_is_kept_goes_on_with_its_ports(self):
        connect = self.start()
        self.zk("stop", "--keep")
        self.assertEqual(3, self.zk("status").returncode)
        self.assertEqual(connect, self.start())

    def test_a_taken_port_is_said_so(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            refused = self.zk("start", "--port", str(taken.getsockname()[1]))
        self.assertEqual(1, refused.returncode)
        self.assertIn("already in use", refused.stderr)
        self.assert_nothing_left([])

    def test_a_foreign_process_is_never_stopped(self):
        self.start()
        state_file = os.path.join(self.root, "default", "state.json")
        with open(state_file, encoding="utf-8") as file:
            state = json.load(file)
        server = state["nodes"][0]["pid"]
        with subprocess.Popen(["sleep", "100"]) as stranger:
            self.addCleanup(stranger.kill)
            state["nodes"][0]["pid"] = stranger.pid  # as if the pid had been used again
            with open(state_file, "w", encoding="utf-8") as file:
                json.dump(state, file)
            self.zk("stop")
            self.assertIsNone(stranger.poll())
            stranger.kill()
        os.kill(server, signal.SIGKILL)

    def test_run_gives_the_address_and_the_exit_code(self):
        ran = self.zk("run", "--", "sh", "-c", "echo {}; exit 7")
        self.assertEqual(7, ran.returncode)
        self.assertRegex(ran.stdout, r"^127\.0\.0\.1:\d+\n$")
        self.assert_nothing_left([])

    def run_in_background(self):
        """(the process of zk run, the pids of its server and its command) while the latter waits"""
        running = subprocess.Popen(
            self.command("run", "--name", "bg", "--", "sh", "-c", "echo $$; exec sleep 100"),
            stdout=subprocess.PIPE,
        )
        self.addCleanup(running.wait)
        self.addCleanup(running.stdout.close)
        command = int(running.stdout.readline())
        return running, [self.nodes("bg")[0]["pid"], command]

    def test_run_cleans_up_when_it_is_told_to_end(self):
        running, started = self.run_in_background()
        running.terminate()
        self.assertEqual(128 + signal.SIGTERM, running.wait(PATIENCE_S))
        self.assert_nothing_left(started)

    def test_what_run_started_dies_with_it(self):
        running, started = self.run_in_background()
        running.kill()
        wait_until(lambda: not any(map(is_alive, started)), "server and command are dead")

    def test_bad_arguments_are_named(self):
        for bad in (["--nodes", "0"], ["--tick", "1"], ["--port", "70000"], ["--config", "x"]):
            with self.subTest(bad):
                refused = self.zk("start", *bad)
                self.assertEqual(1, refused.returncode)
                self.assertIn(bad[0], refused.stderr)
        self.assertEqual(1, self.zk("start", "--name", "../x").returncode)


if __name__ == "__main__":
    unittest.main()
