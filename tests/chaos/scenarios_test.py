"""The two cuts that a lease has to survive (DESIGN, "Conservative evidence"), on real servers: the
client that is attached to the side that was cut off is answered for seconds after everybody else went
on without it.

    scenarios_test.py BUILD_DIRECTORY

A client that believes "last answer + session timeout" holds beside the next one for that long; it is
computed from the answers that a bystander gets, and printed. Leasehold's two intervals must not overlap.
"""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "cmake", "dev")]

import clients  # noqa: E402
from ensemble import Ensemble  # noqa: E402
from link_proxy import Network, now  # noqa: E402

BUILD = os.path.join(ROOT, "build")
TICK_MS = 500
SYNC_LIMIT = 12
# With conservative evidence that leaves 4.1 s of lease in hand after each answer.
CONSERVATIVE = ["--session-timeout", "12000", "--sync-limit", str(SYNC_LIMIT)]
# Quorum evidence goes with a session a third as long, and does not rest on syncLimit.
QUORUM = ["--session-timeout", "4000", "--sync-limit", "1", "--quorum"]
PATH = "/scenario"
BYSTANDERS_PATH = "/bystander"
ANSWERED_S = 4.0  # of the 6 s that a server which is cut off may go on: it must really have done so
LEAST_NAIVE_OVERLAP_S = 1.0
PATIENCE_S = 60
QUIET_S = 0.1  # less than the 0.25 s from ping to ping


class Scenario(unittest.TestCase):
    def setUp(self):
        self.history = clients.History()
        self.network = self.enterContext(Network())
        name = f"scenario-{os.getpid()}"
        self.ensemble = self.enterContext(
            Ensemble(os.path.join(BUILD, "chaos"), name, self.network, TICK_MS, SYNC_LIMIT)
        )
        registers, self.registers = clients.start_registers(self.history.tell)
        self.addCleanup(registers.end)

    def leader_at(self, name, server, evidence, path=PATH):
        """A process that wants to lead, attached to this server alone; and its link."""
        link = self.network.add_link(name, server, self.ensemble.port(server))
        worker = os.path.join(BUILD, "tests", "chaos", "chaos_worker")
        command = [worker, "lead", "--name", name, "--servers", f"127.0.0.1:{link.port}"]
        command += ["--registers", self.registers, "--path", path, "--tick", str(TICK_MS)]
        command += ["--ack-gap", str(TICK_MS), *evidence]
        process = clients.Process(name, command, self.history.tell)
        self.addCleanup(process.end, 0.5)
        return process, link

    def check(self, evidence, cut_off, majority_server, cut):
        """Both want the lead; the first has it, and its server is cut off."""
        first, _ = self.leader_at("first", cut_off, evidence)
        granted = first.wait_for("grant", PATIENCE_S)
        self.assertIsNotNone(granted)
        # Pings alone: whoever writes, as quorum evidence has it, is not answered at all.
        bystander, link = self.leader_at("bystander", cut_off, CONSERVATIVE, BYSTANDERS_PATH)
        self.assertIsNotNone(bystander.wait_for("grant", PATIENCE_S))
        # What it had to ask beside its pings has been answered.
        is_quiet = clients.wait_until(lambda: now() - link.down.last_delivery > QUIET_S, PATIENCE_S)
        self.assertTrue(is_quiet)
        second, _ = self.leader_at("second", majority_server, evidence)
        cut_at = now()
        cut()
        next_grant = second.wait_for("grant", PATIENCE_S)
        self.assertIsNotNone(next_grant, "the lead was handed over")
        ended = first.wait_for("end", PATIENCE_S)
        self.assertIsNotNone(ended)
        # The server gives up after all, and nobody answers at that address any more.
        clients.wait_until(lambda: now() - link.down.last_delivery > 4 * QUIET_S, PATIENCE_S)
        answered_s = link.down.last_delivery - cut_at
        session_timeout_s = int(evidence[1]) / 1000
        naive_s = link.down.last_delivery + session_timeout_s - next_grant["t"]
        between_s = next_grant["t"] - ended["valid_until"]
        print(
            f"{self._testMethodName}: answered for {answered_s:.2f} s after the cut; "
            f"'last answer + T' overlaps by {naive_s:.2f} s; "
            f"leasehold: {between_s:.2f} s between the two",
            file=sys.stderr,
        )
        self.assertTrue(next_grant["is_valid"])
        self.assertGreater(next_grant["token"], granted["token"])
        self.assertGreater(answered_s, ANSWERED_S, "the cut did not do what it should")
        self.assertGreater(naive_s, LEAST_NAIVE_OVERLAP_S, "no danger, no proof")
        self.assertGreater(between_s, 0, "two at once")

    def cut_off_follower(self, evidence):
        leader = self.ensemble.wait_for_leader(PATIENCE_S)
        follower, other = (number for number in self.ensemble.ids if number != leader)
        self.check(evidence, follower, other, lambda: self.ensemble.isolate(follower))

    def cut_off_leader(self, evidence):
        leader = self.ensemble.wait_for_leader(PATIENCE_S)
        other = next(number for number in self.ensemble.ids if number != leader)
        self.check(evidence, leader, other, lambda: self.ensemble.depose(leader))
        self.assertNotEqual(self.ensemble.wait_for_leader(PATIENCE_S), leader)

    def test_partitioned_follower(self):
        self.cut_off_follower(CONSERVATIVE)

    def test_partitioned_follower_by_quorum_evidence(self):
        self.cut_off_follower(QUORUM)

    def test_deposed_leader(self):
        self.cut_off_leader(CONSERVATIVE)

    def test_deposed_leader_by_quorum_evidence(self):
        self.cut_off_leader(QUORUM)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        BUILD = os.path.abspath(sys.argv.pop(1))
    unittest.main()
