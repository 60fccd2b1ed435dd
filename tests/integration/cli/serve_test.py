"""'leasehold serve': says where it serves, serves the other commands, and ends when asked to."""

import os
import re
import resource
import signal
import socket
import subprocess
import unittest

import harness
from harness import until
from served import Served


class Serve(harness.ToolTest):
    def test_says_where_it_listens_and_what_it_is(self):
        served = Served(self, "--nodes", "3", "--tick", "200ms")
        lines = served.tool.text(0).splitlines()
        self.assertEqual(
            lines[:3], [f"listening on 127.0.0.1:{port}" for port in served.ports], lines
        )
        self.assertEqual(lines[3], f"connect string: {served.connect}")
        self.assertIn("leasehold run", lines[4])
        done = served.stop()
        self.assert_code(done, 0)
        self.assertIn("nothing is kept", done.err)
        self.assertEqual(done.err.count("\n"), 1, done)

    def test_what_it_proposes_to_try_works(self):
        for arguments in ([], ["--nodes", "3"], ["--tick", "200ms"], ["--nodes", "3", "--tick", "200ms"]):
            with self.subTest(arguments):
                served = Served(self, *arguments)
                line = served.tool.line(r"^try: leasehold (.*) -- sleep 5$").group(1)
                self.assert_code(self.tool(*line.split(), "--", "true", connect=""), 0)
                self.assert_code(served.stop(), 0)

    def test_serves_run_and_ls(self):
        served = Served(self, "--tick", "200ms")
        holder = self.start_run("cat", connect=served.connect, stdin=subprocess.PIPE)
        until(lambda: "held" in self.tool("ls", self.path, connect=served.connect).out, "held")
        waits = ["--wait", "300ms"]
        busy = self.run_tool("true", options=waits, connect=served.connect)
        self.assert_code(busy, 75)
        holder.process.stdin.close()
        self.assert_code(holder.finish(), 0)
        self.assert_code(self.run_tool("true", options=waits, connect=served.connect), 0)
        self.assert_code(served.stop(), 0)

    def test_a_client_of_an_earlier_start_is_served(self):
        """It has seen larger transaction numbers than a server that begins anew would have."""
        first = Served(self)
        (port,) = first.ports
        zoo = harness.KazooClient(first.connect, timeout=10)
        self.addCleanup(zoo.close)
        self.addCleanup(zoo.stop)
        zoo.start(harness.LIMIT_S)
        for _ in range(50):
            zoo.create("/n", sequence=True)
        self.assert_code(first.stop(), 0)
        again = self.start("serve", "--listen", f"127.0.0.1:{port}")
        again.line("^connect string")
        until(lambda: zoo.connected, "connected again")
        self.assertFalse(zoo.exists("/n0000000000"), "nothing is kept")
        zoo.stop()
        again.send(signal.SIGINT)
        self.assert_code(again.finish(), 0)

    def test_a_later_start_counts_on_from_larger_numbers_however_soon_it_comes(self):
        epochs = []
        for _ in range(20):
            served = Served(self)
            (port,) = served.ports
            said = harness.four_letter.ask(port, "srvr", harness.LIMIT_S)
            epochs.append(int(re.search(r"Zxid: 0x([0-9a-f]+)", said).group(1), 16) >> 32)
            self.assert_code(served.stop(), 0)
        self.assertEqual(epochs, sorted(set(epochs)))

    def test_both_usual_signals_end_it_well_and_others_say_so(self):
        for number, code in ((signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGQUIT, 131)):
            with self.subTest(number):
                served = Served(self)
                served.tool.send(number)
                done = served.tool.finish()
                self.assert_code(done, code)

    def test_ends_quickly_with_clients_connected(self):
        served = Served(self)
        idle = [socket.create_connection(("127.0.0.1", served.ports[0])) for _ in range(100)]
        self.addCleanup(lambda: [each.close() for each in idle])
        begin = harness.time.monotonic()
        self.assert_code(served.stop(), 0)
        self.assertLess(harness.time.monotonic() - begin, 1 + harness.SLACK_S)

    def test_ten_thousand_idle_connections(self):
        connections = 10_000
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if hard < connections + 200:
            self.skipTest(f"no more than {hard} open files are allowed here")
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        served = Served(self, *harness.TIMING[:2])
        idle = []
        self.addCleanup(lambda: [each.close() for each in idle])
        for _ in range(connections):
            idle.append(socket.create_connection(("127.0.0.1", served.ports[0])))
        until(lambda: self.open_files(served) > connections, "all are accepted")
        self.assert_code(self.run_tool("true", connect=served.connect), 0)
        while idle:
            idle.pop().close()
        until(lambda: self.open_files(served) < 100, "all are forgotten")
        self.assert_code(served.stop(), 0)

    def open_files(self, served):
        return len(os.listdir(f"/proc/{served.tool.pid}/fd"))

    @unittest.skipIf(harness.checks_types(), "the sanitizer needs descriptors of its own")
    def test_without_descriptors_it_waits_for_them(self):
        """It neither ends nor spins when no further connection can be accepted."""
        served = Served(self)
        few = self.open_files(served) + 10
        resource.prlimit(served.tool.pid, resource.RLIMIT_NOFILE, (few, few))
        idle = [socket.create_connection(("127.0.0.1", served.ports[0])) for _ in range(50)]
        self.addCleanup(lambda: [each.close() for each in idle])
        until(lambda: self.open_files(served) == few, "its descriptors are used up")

        def busy_s():
            with open(f"/proc/{served.tool.pid}/stat", encoding="ascii") as file:
                fields = file.read().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

        before, begin = busy_s(), harness.time.monotonic()
        until(lambda: harness.time.monotonic() - begin > 1, "a second")
        self.assertLess(busy_s() - before, 0.3 * harness.FACTOR)
        while idle:
            idle.pop().close()
        until(lambda: self.open_files(served) < few, "those that are closed are forgotten")
        options = ["--wait", "10s"]
        self.assert_code(self.run_tool("true", options=options, connect=served.connect), 0)

    def test_stops_and_continues_like_any_program(self):
        served = Served(self)
        served.tool.send(signal.SIGTSTP)

        def state():
            with open(f"/proc/{served.tool.pid}/stat", encoding="ascii") as file:
                return file.read().rpartition(")")[2].split()[0]

        until(lambda: state() == "T", "stopped")
        served.tool.send(signal.SIGCONT)
        until(lambda: state() != "T", "continued")
        self.assert_code(served.stop(), 0)

    def test_port_that_is_taken(self):
        served = Served(self)
        done = self.tool("serve", "--listen", served.connect)
        self.assert_code(done, 69)
        self.assertIn(served.connect, done.err)
        self.assertIn("--listen HOST:0", done.err)

    def test_address_of_another_machine(self):
        done = self.tool("serve", "--listen", "192.0.2.1:0", "--public")
        self.assert_code(done, 69)
        self.assertIn("192.0.2.1", done.err)

    def test_addresses_that_others_reach_have_to_be_meant(self):
        refused = self.tool("serve", "--listen", "0.0.0.0:0")
        self.assert_code(refused, 64)
        self.assertIn("--public", refused.err)
        meant = self.start("serve", "--listen", "0.0.0.0:0", "--public")
        connect = meant.line(r"^connect string: (\S+)$").group(1)
        self.assertTrue(connect.startswith("127.0.0.1:"), connect)
        self.assert_code(self.run_tool("true", options=["--standalone"], connect=connect), 0)
        meant.send(signal.SIGTERM)
        meant.finish()

    def test_nobody_reads_the_output(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [harness.TOOL, "serve", "--listen", "127.0.0.1:0"],
            stdout=writer, stderr=subprocess.PIPE, timeout=harness.LIMIT_S, check=False,
        )
        os.close(writer)
        self.assertEqual(done.returncode, 70)


if __name__ == "__main__":
    harness.main()
