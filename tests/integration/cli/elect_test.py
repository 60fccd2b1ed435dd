"""leasehold elect: one leads at a time, for as long as it likes, and all can see who."""

import signal
import subprocess
import sys
import time

import harness
from harness import SHORT, SHORT_SPAN_S, is_alive, until

LEADER = "echo leads $LEASEHOLD_TOKEN ${LEASEHOLD_DEADLINE_MS-none} $$; exec sleep 60"
LEADS = r"^leads (\d+) none (\d+)$"
# Says when SIGTERM came, and goes on as if nothing had happened.
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, lambda *_: print("term", time.monotonic(), flush=True))
print("leads", os.getpid(), flush=True)
while True:
    signal.pause()
"""


class Election(harness.ServerTest):
    def elect(self, *command, options=(), **more):
        return self.start("elect", self.path, *harness.TIMING, *options, "--", *command, **more)

    def test_the_next_one_leads_when_the_first_is_killed(self):
        first = self.elect("sh", "-c", LEADER, options=[*SHORT, "--payload", "host-a:1"])
        token, pid = map(int, first.line(LEADS).groups())
        second = self.elect("sh", "-c", LEADER, options=["--payload", "host-b:2"])
        self.wait_for_contenders(2)
        self.assertEqual([each["payload"] for each in self.listed()], ["host-a:1", "host-b:2"])
        self.assertEqual([each["state"] for each in self.listed()], ["held", "waiting"])
        first.send(signal.SIGKILL)
        next_token, _ = map(int, second.line(LEADS).groups())
        self.assertGreater(next_token, token)
        self.assertFalse(is_alive(pid), "what the first one ran is gone before")
        self.assertEqual([each["payload"] for each in self.listed()], ["host-b:2"])
        second.send(signal.SIGTERM)
        self.assert_code(second.finish(), 128 + signal.SIGTERM)
        self.wait_for_contenders(0)

    def test_the_lead_outlasts_the_session_timeout(self):
        leader = self.elect("sh", "-c", "echo leads; read x; exit 3", options=SHORT,
                            stdin=subprocess.PIPE)
        leader.line("^leads")
        (node,) = self.wait_for_contenders(1)
        begin = time.monotonic()
        until(lambda: time.monotonic() - begin > 6, "one and a half session timeouts", 30)
        self.assertEqual(self.contenders(), [node])
        leader.process.stdin.close()
        self.assert_code(leader.finish(), 3)
        self.wait_for_contenders(0)

    def test_command_is_gone_before_anybody_else_can_lead(self):
        proxy = harness.Proxy(self.connect)
        self.addCleanup(proxy.close)
        leader = self.elect(sys.executable, "-c", STUBBORN, options=[*SHORT, "--grace", "1s"],
                            connect=proxy.address)
        pid = int(leader.line(r"^leads (\d+)$")[1])
        (node,) = self.wait_for_contenders(1)
        begin = time.monotonic()
        proxy.is_open.clear()
        leader.line("^term")
        until(lambda: not is_alive(pid), "the command is gone")
        self.assertLess(time.monotonic() - begin, SHORT_SPAN_S)
        self.assertIsNotNone(self.zoo.exists(f"{self.path}/{node}"), "the node outlives it")
        done = leader.finish()
        self.assert_code(done, 125)
        self.assertIn("the lead was lost", done.err)

    def test_not_elected_within_the_wait(self):
        leader = self.elect("sh", "-c", LEADER)
        leader.line(LEADS)
        other = self.elect("true", options=["--wait", "300ms"])
        self.assert_code(other.finish(), 75)
        self.assertEqual(len(self.contenders()), 1)

    def test_locks_of_the_path_wait_for_its_leader(self):
        leader = self.elect("sh", "-c", LEADER)
        leader.line(LEADS)
        self.assert_code(self.run_tool("true", options=["--wait", "0s"]), 75)
        leader.send(signal.SIGTERM)
        leader.finish()
        self.assert_code(self.run_tool("true"), 0)


if __name__ == "__main__":
    harness.main()
