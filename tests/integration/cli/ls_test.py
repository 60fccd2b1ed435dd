"""leasehold ls: who holds and who waits, of all kinds of clients."""

import json
import os
import subprocess

import harness
from harness import TIMING, until

LONG = ["--budget", "9s", "--wait", "30s"]
KEYS = {
    "position", "state", "owner", "host", "pid", "age_ms", "budget_ms", "session", "node", "kind",
    "asked", "sequence", "trace_id", "payload", "lock", "token", "blocked_by",
}


class Listing(harness.ServerTest):
    def start_holder(self, command="cat"):
        run = self.start_run(command, options=LONG, stdin=subprocess.PIPE)
        self.addCleanup(run.process.stdin.close)
        return run

    def create_curators(self):
        name = "_c_3f2a1b4c-0000-4000-8000-1234567890ab-lock-"
        return self.zoo.create(
            f"{self.path}/{name}", b"192.0.2.17", ephemeral=True, sequence=True
        )

    def test_nobody(self):
        done = self.tool("ls", self.path)
        self.assert_code(done, 0)
        self.assertEqual(done.out, f"{self.path}: nobody holds or waits\n")
        self.assertEqual(self.listed(), [])
        self.zoo.ensure_path(self.path)
        self.assertEqual(self.listed(), [])

    def test_ours_in_order(self):
        holder = self.start_holder()
        self.wait_for_contenders(1)
        waiter = self.start_run("head", options=LONG, stdin=subprocess.PIPE)
        self.addCleanup(waiter.process.stdin.close)
        self.wait_for_contenders(2)
        first, second = self.listed()
        self.assertEqual(set(first), KEYS)
        self.assertEqual((first["state"], second["state"]), ("held", "waiting"))
        self.assertEqual((first["owner"], second["owner"]), ("cat", "head"))
        self.assertEqual((first["pid"], second["pid"]), (holder.pid, waiter.pid))
        self.assertEqual(first["host"], os.uname().nodename)
        self.assertEqual(first["budget_ms"], 9000)
        self.assertEqual(first["kind"], "curator")
        self.assertRegex(first["session"], r"^[0-9a-f]{4}$")
        self.assertRegex(first["node"], r"^[0-9a-f]{16}-lock-[0-9]{10}$")
        self.assertEqual(first["sequence"], int(first["node"][-10:]))
        self.assertGreaterEqual(first["age_ms"], 0)
        self.assertLess(first["age_ms"], 60_000)
        self.assertLess(first["sequence"], second["sequence"])
        self.assertEqual((first["lock"], second["lock"]), ("exclusive", "exclusive"))
        self.assertLess(0, int(first["token"]))
        self.assertLess(int(first["token"]), int(second["token"]))
        self.assertEqual((first["blocked_by"], second["blocked_by"]), (None, first["node"]))

        holder.process.stdin.close()
        self.assert_code(holder.finish(), 0)
        until(lambda: [each["state"] for each in self.listed()] == ["held"], "the hand-off")
        waiter.process.stdin.close()
        self.assert_code(waiter.finish(), 0)

    def test_every_kind_in_one_queue(self):
        run = self.start_holder()
        self.wait_for_contenders(1)
        curators = self.create_curators()
        kazoos = self.zoo.create(
            f"{self.path}/0123456789abcdef0123456789abcdef__lock__", b"kazoo-worker-7",
            ephemeral=True, sequence=True,
        )
        others = self.zoo.create(f"{self.path}/strange-", b"", ephemeral=True, sequence=True)
        self.zoo.create(f"{self.path}/no-contender", b"")
        listed = self.listed()
        self.assertEqual(
            [each["kind"] for each in listed], ["curator", "curator", "kazoo", "other"]
        )
        self.assertEqual(
            [each["node"] for each in listed[1:]],
            [os.path.basename(each) for each in (curators, kazoos, others)],
        )
        self.assertEqual(
            [each["state"] for each in listed], ["held", "waiting", "waiting", "waiting"]
        )
        self.assertEqual(listed[1]["host"], "192.0.2.17")
        self.assertEqual(listed[2]["owner"], "kazoo-worker-7")
        self.assertIsNone(listed[3]["owner"])
        for each in listed[1:]:
            self.assertIsNone(each["budget_ms"])
            self.assertIsNone(each["pid"])
        run.process.stdin.close()
        run.finish()

    def test_shared_ones_hold_together(self):
        """Two shared runs, a writer behind them, and a reader that waits its turn behind it."""
        runs = []
        for options in (["--shared"], ["--shared"], [], ["--shared"]):
            run = self.start_run("cat", options=LONG + options, stdin=subprocess.PIPE)
            self.addCleanup(run.process.stdin.close)
            runs.append(run)
            self.wait_for_contenders(len(runs))
        listed = self.listed()
        self.assertEqual(
            [each["lock"] for each in listed], ["shared", "shared", "exclusive", "shared"]
        )
        self.assertEqual(
            [each["state"] for each in listed], ["held", "held", "waiting", "waiting"]
        )
        nodes = [each["node"] for each in listed]
        self.assertEqual(
            [each["blocked_by"] for each in listed], [None, None, nodes[1], nodes[2]]
        )
        self.assertEqual([each["token"] is None for each in listed], [True, True, False, True])
        self.assertEqual(self.states(), ["held", "held", "after 1", "after 2"])
        for run in runs:
            run.process.stdin.close()
            self.assert_code(run.finish(), 0)

    def test_permits(self):
        """Two that hold, two that wait; and what is shown if the path does not say how many."""
        runs = []
        for _ in range(4):
            run = self.start_run("cat", options=LONG + ["--permits", "2"], stdin=subprocess.PIPE)
            self.addCleanup(run.process.stdin.close)
            runs.append(run)
            self.wait_for_contenders(len(runs))
        listed = self.listed()
        self.assertEqual([each["lock"] for each in listed], ["permit"] * 4)
        self.assertEqual(
            [each["state"] for each in listed], ["held", "held", "waiting", "waiting"]
        )
        nodes = [each["node"] for each in listed]
        self.assertEqual(
            [each["blocked_by"] for each in listed], [None, None, nodes[1], nodes[2]]
        )
        tokens = [int(each["token"]) for each in listed]
        self.assertEqual(tokens, sorted(set(tokens)))
        self.assertEqual(self.states(), ["held", "held", "after 1", "after 2"])
        self.zoo.set(self.path, b"somebody wrote over it")
        self.assertEqual([each["state"] for each in self.listed()], [None] * 4)
        self.assertEqual([each["blocked_by"] for each in self.listed()], [None] * 4)
        self.assertEqual(self.states(), ["unknown"] * 4)
        for run in runs:
            run.process.stdin.close()
            self.assert_code(run.finish(), 0)

    def states(self):
        lines = self.tool("ls", self.path).out.splitlines()
        return [line[5:14].strip() for line in lines[1:]]

    def test_table(self):
        self.zoo.ensure_path(self.path)
        curators = os.path.basename(self.create_curators())
        run = self.start_holder()
        self.wait_for_contenders(2)
        done = self.tool("ls", self.path)
        self.assert_code(done, 0)
        lines = done.out.splitlines()
        self.assertEqual(
            lines[0].split(),
            ["POS", "STATE", "LOCK", "OWNER", "HOST", "PID", "AGE", "BUDGET", "SESS", "TOKEN",
             "NODE", "KIND"],
        )
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[1].split()[:3], ["0", "held", "excl"])
        self.assertIn(f" {curators[:8]}..{curators[-10:]} ", lines[1])
        self.assertEqual(lines[2].split()[:5], ["1", "after", "0", "excl", "cat"])
        self.assertIn("9s", lines[2].split())
        columns = [lines[0].index(word) for word in ("NODE", "KIND")]
        for line in lines[1:]:
            for column in columns:
                self.assertEqual(line[column - 1], " ")
                self.assertNotEqual(line[column], " ")
        run.send(harness.signal.SIGTERM)
        run.finish()

    def test_what_strangers_write_cannot_steer_the_terminal(self):
        self.zoo.ensure_path(self.path)
        evil = b"\x1b[2Jroot\nPOS\x00\r\x9b1m\xff\xfe"
        self.zoo.create(
            f"{self.path}/0123456789abcdef0123456789abcdef__lock__", evil, ephemeral=True,
            sequence=True,
        )
        done = self.tool("ls", self.path)
        self.assert_code(done, 0)
        self.assertEqual(done.out.count("\n"), 2, done)
        self.assertTrue(all(letter.isprintable() for letter in done.out.replace("\n", "")), done)
        self.assertNotIn(r"\\x", done.out, "escaped twice")
        (entry,) = self.listed()
        self.assertTrue((entry["owner"] or "").isprintable())

    def test_relative_to_the_chroot(self):
        self.zoo.ensure_path("/cli/root" + self.path)
        run = self.start_run("cat", options=LONG, stdin=subprocess.PIPE,
                             connect=self.connect + "/cli/root")
        until(lambda: self.listed("/cli/root" + self.path), "our node below the chroot")
        done = self.tool("ls", self.path, "--json", connect=self.connect + "/cli/root")
        self.assertEqual(len(json.loads(done.out)), 1)
        run.process.stdin.close()
        self.assert_code(run.finish(), 0)

    def test_leaves_no_session_behind(self):
        def sessions():
            answer = self.zoo.command(b"cons")
            return answer.count("sid=")

        before = sessions()
        for _ in range(3):
            self.assert_code(self.tool("ls", self.path), 0)
        until(lambda: sessions() == before, "no further session")

    def test_nobody_reads_the_output(self):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(
            [harness.TOOL, "ls", self.path, *TIMING],
            stdout=writer,
            stderr=subprocess.PIPE,
            env=dict(os.environ, LEASEHOLD_CONNECT=self.connect),
            timeout=harness.LIMIT_S,
            check=False,
        )
        os.close(writer)
        self.assertEqual(done.returncode, 70)


if __name__ == "__main__":
    harness.main()
