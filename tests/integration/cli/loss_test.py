"""leasehold run: the lock is lost, or about to be, while the command runs."""

import os
import signal
import subprocess
import sys
import time

import harness
from harness import SHORT, SHORT_SPAN_S, SLACK_S, is_alive, until

from kazoo.client import KazooClient

# Says when SIGTERM came, and goes on as if nothing had happened.
STUBBORN = """
import os, signal, time
def note(*_):
    print("term", time.monotonic(), flush=True)
signal.signal(signal.SIGTERM, note)
print("ready", os.getpid(), flush=True)
while True:
    signal.pause()
"""
OBEDIENT = "echo ready $$; exec sleep 60"


class Loss(harness.ServerTest):
    def stubborn(self, options=(), **more):
        run = self.start_run(sys.executable, "-c", STUBBORN, options=options, **more)
        return run, int(run.line(r"^ready (\d+)")[1])

    def wait_until_gone(self, pid):
        until(lambda: not is_alive(pid), "the command is gone")
        return time.monotonic()

    def test_node_deleted(self):
        run = self.start_run("sh", "-c", OBEDIENT)
        run.line("^ready")
        (node,) = self.wait_for_contenders(1)
        begin = time.monotonic()
        self.zoo.delete(f"{self.path}/{node}")
        done = run.finish()
        self.assert_code(done, 125)
        self.assertLess(time.monotonic() - begin, SLACK_S)
        self.assertIn("somebody deleted its node", done.err)
        self.assertIn("SIGTERM", done.err)

    def test_node_deleted_and_sigterm_ignored(self):
        run, pid = self.stubborn(["--grace", "1s"])
        (node,) = self.wait_for_contenders(1)
        begin = time.monotonic()
        self.zoo.delete(f"{self.path}/{node}")
        term = float(run.line(r"^term ([0-9.]+)")[1])
        gone = self.wait_until_gone(pid)
        self.assertLess(term - begin, SLACK_S)
        self.assertGreater(gone - term, 0.9)  # the grace is granted
        self.assertLess(gone - begin, 1 + SLACK_S)
        self.assert_code(run.finish(), 125)

    def test_node_deleted_and_command_ends_well(self):
        """It was not alone any more: its own exit code is no success."""
        script = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done"
        run = self.start_run("sh", "-c", script)
        run.line("^ready")
        (node,) = self.wait_for_contenders(1)
        self.zoo.delete(f"{self.path}/{node}")
        self.assert_code(run.finish(), 125)

    def test_session_expired(self):
        """Somebody closes our session: the server ends it as it ends an expired one."""
        proxy = harness.Proxy(self.connect)
        self.addCleanup(proxy.close)
        run = self.start_run("sh", "-c", OBEDIENT, connect=proxy.address)
        run.line("^ready")
        (node,) = self.wait_for_contenders(1)
        session = self.zoo.get(f"{self.path}/{node}")[1].ephemeralOwner
        begin = time.monotonic()
        thief = KazooClient(self.connect, client_id=(session, proxy.sessions[session]))
        thief.start(10)
        thief.stop()
        thief.close()
        done = run.finish()
        self.assert_code(done, 125)
        self.assertLess(time.monotonic() - begin, 2 * SLACK_S)
        self.assertIn("session expired", done.err)

    def test_network_black_hole(self):
        """The command is gone before the ensemble can give the lock to anybody else."""
        proxy = harness.Proxy(self.connect)
        self.addCleanup(proxy.close)
        # 2 s of grace end the command before its budget would.
        options = [*SHORT, "--budget", "3.2s", "--grace", "2s"]
        run, pid = self.stubborn(options, connect=proxy.address)
        (node,) = self.wait_for_contenders(1)
        node = f"{self.path}/{node}"
        begin = time.monotonic()
        proxy.is_open.clear()
        term = float(run.line(r"^term ([0-9.]+)")[1])
        gone = self.wait_until_gone(pid)
        # No acknowledgement is later than `begin`, so neither is a safe deadline later than this.
        self.assertLess(term, begin + SHORT_SPAN_S - 2 + SLACK_S / 3)
        self.assertLess(gone, begin + SHORT_SPAN_S)
        self.assertGreater(gone - term, 1.5)
        self.assertIsNotNone(self.zoo.exists(node), "the node outlives the command")
        done = run.finish()
        self.assert_code(done, 125)
        self.assertIn("no contact", done.err)

    def test_server_stops_after_the_budget(self):
        """Ended by the budget, but the grace ends where the lease does."""
        options = [*SHORT, "--budget", "1.5s", "--grace", "30s"]
        run, pid = self.stubborn(options)
        run.line("^term")
        os.kill(self.server_pid, signal.SIGSTOP)
        begin = time.monotonic()
        try:
            gone = self.wait_until_gone(pid)
        finally:
            os.kill(self.server_pid, signal.SIGCONT)
        self.assertGreater(gone - begin, 1)
        self.assertLess(gone - begin, SHORT_SPAN_S)
        self.assert_code(run.finish(), 124)

    def test_server_is_stopped_at_the_end(self):
        """The command ends well, and nobody can be told: that takes its time, but not for ever."""
        run = self.start_run("sh", "-c", "echo ready; read x; exit 3",
                             stdin=subprocess.PIPE)
        run.line("^ready")
        os.kill(self.server_pid, signal.SIGSTOP)
        try:
            begin = time.monotonic()
            run.process.stdin.close()
            self.assert_code(run.finish(), 3)
            self.assertLess(time.monotonic() - begin, 1 + SLACK_S)
        finally:
            os.kill(self.server_pid, signal.SIGCONT)
        self.wait_for_contenders(0)

    def test_a_short_loss_of_contact_is_no_loss(self):
        proxy = harness.Proxy(self.connect)
        self.addCleanup(proxy.close)
        run = self.start_run("sh", "-c", "echo ready; read x; exit 3",
                             connect=proxy.address, stdin=subprocess.PIPE)
        run.line("^ready")
        before = len(proxy.sockets)
        proxy.cut()
        until(lambda: len(proxy.sockets) > before, "the tool has reconnected")
        run.process.stdin.close()
        self.assert_code(run.finish(), 3)
        self.wait_for_contenders(0)


if __name__ == "__main__":
    harness.main()
