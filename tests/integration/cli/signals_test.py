"""leasehold run: signals to the tool, its own violent death, and the terminal."""

import os
import pty
import select
import signal
import subprocess
import sys
import time

import harness
from harness import FACTOR, SHORT, SHORT_SPAN_S, SLACK_S, TIMING, is_alive, until

# Prints the number of each signal that it gets; ends by itself after the second.
LISTENER = """
import os, signal, sys
count = 0
def note(number, _frame):
    global count
    count += 1
    print("got", int(number), flush=True)
    if count == 2:
        sys.exit(40)
for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    signal.signal(each, note)
print("ready", os.getpid(), flush=True)
while True:
    signal.pause()
"""

# A command and what it started: both print their numbers, and ignore what can be ignored.
FAMILY = "trap '' TERM INT HUP; sh -c 'echo grandchild $$; while :; do sleep 60; done' & " \
         "echo child $$; while :; do sleep 60; done"


# Ends with 9 at SIGINT, and starts no other process: a shell that is stopped while it forks does
# not show as stopped.
WAITER = """
import signal, sys
signal.signal(signal.SIGINT, lambda *_: sys.exit(9))
print("ready", flush=True)
while True:
    signal.pause()
"""


def name_of(pid):
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        return file.read().strip()


class Forwarding(harness.ServerTest):
    options = ["--wait", "10s"]

    def test_each_signal_reaches_the_command_every_time(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            with self.subTest(signal=number):
                run = self.start_run(sys.executable, "-c", LISTENER, options=self.options)
                run.line("^ready")
                run.send(number)
                run.line(f"^got {int(number)}")
                run.send(number)
                done = run.finish()
                self.assert_code(done, 40)
                self.assertEqual(done.out.count(f"got {int(number)}\n"), 2)
                self.assertLess(done.seconds, 9)

    def test_a_command_that_dies_of_it(self):
        run = self.start_run("sh", "-c", "echo ready; exec sleep 60", options=self.options)
        run.line("^ready")
        run.send(signal.SIGTERM)
        self.assert_code(run.finish(), 128 + signal.SIGTERM)

    def test_while_waiting_it_cancels_the_wait(self):
        holder = self.start_run("cat", options=self.options, stdin=subprocess.PIPE)
        self.wait_for_contenders(1)
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                waiter = self.start_run("true", options=self.options)
                self.wait_for_contenders(2)
                begin = time.monotonic()
                waiter.send(number)
                done = waiter.finish()
                self.assert_code(done, 128 + number)
                self.assertLess(time.monotonic() - begin, SLACK_S)
                # It has ended: its node is gone, not about to go.
                self.assertEqual(len(self.contenders()), 1)
        holder.process.stdin.close()
        self.assert_code(holder.finish(), 0)

    def test_while_connecting_it_cancels_the_wait(self):
        silent = harness.FakeServer(lambda connection: connection.recv(1) and connection.recv(1))
        self.addCleanup(silent.close)
        waiter = self.start_run("true", options=self.options, connect=silent.address)
        until(lambda: silent.sockets, "a connection")
        waiter.send(signal.SIGTERM)
        begin = time.monotonic()
        self.assert_code(waiter.finish(), 128 + signal.SIGTERM)
        self.assertLess(time.monotonic() - begin, SLACK_S)

    def test_an_ignored_signal_stays_ignored(self):
        def ignore():
            signal.signal(signal.SIGINT, signal.SIG_IGN)

        run = self.start_run(
            "sh", "-c", "echo ready; read x; exit 5", options=self.options,
            stdin=subprocess.PIPE, preexec_fn=ignore,
        )
        run.line("^ready")
        run.send(signal.SIGINT)
        run.process.stdin.close()
        self.assert_code(run.finish(), 5)


class ViolentDeath(harness.ServerTest):
    def family(self, **options):
        run = self.start_run("sh", "-c", FAMILY, **options)
        pids = [int(run.line(rf"^{who} (\d+)")[1]) for who in ("child", "grandchild")]
        self.assertTrue(all(is_alive(pid) for pid in pids))
        return run, pids

    def assert_gone_at_once(self, pids):
        until(lambda: not any(map(is_alive, pids)), "the family is gone", FACTOR)

    def test_sigkill_takes_the_whole_group_with_it(self):
        for count in range(5):
            run, pids = self.family(path=f"{self.path}/{count}")
            run.send(signal.SIGKILL)
            self.assert_gone_at_once(pids)
            run.finish()

    def test_sigkill_to_the_tools_own_group(self):
        run, pids = self.family(start_new_session=True)
        os.killpg(run.pid, signal.SIGKILL)
        self.assert_gone_at_once(pids)
        run.finish()

    def test_sigkill_while_waiting(self):
        holder = self.start_run("cat", stdin=subprocess.PIPE)
        self.wait_for_contenders(1)
        waiter = self.start_run("true")
        self.wait_for_contenders(2)
        waiter.send(signal.SIGKILL)
        waiter.finish()  # that no watcher is left is checked after each test
        holder.process.stdin.close()
        self.assert_code(holder.finish(), 0)

    def test_a_stopped_tool_cannot_keep_the_command_past_the_safe_deadline(self):
        """All that the lease rests on was sent before the SIGSTOP."""
        options = [*SHORT, "--budget", "3s", "--grace", "10s"]
        run = self.start_run("sh", "-c", FAMILY, options=options)
        pids = [int(run.line(rf"^{who} (\d+)")[1]) for who in ("child", "grandchild")]
        run.send(signal.SIGSTOP)
        begin = time.monotonic()
        until(lambda: not any(map(is_alive, pids)), "the family is gone")
        self.assertLess(time.monotonic() - begin, SHORT_SPAN_S)
        run.send(signal.SIGCONT)
        done = run.finish()
        self.assertIn(done.code, (124, 125), done)

    def test_a_killed_watcher_is_told_of(self):
        run = self.start_run("sh", "-c", "echo ready; read x; exit 3",
                             stdin=subprocess.PIPE)
        run.line("^ready")
        with open(f"/proc/{run.pid}/task/{run.pid}/children", encoding="ascii") as file:
            pids = [int(pid) for pid in file.read().split()]
        (watcher,) = [pid for pid in pids if name_of(pid) == "leasehold-watch"]
        os.kill(watcher, signal.SIGKILL)
        until(lambda: "warning" in run.text(1), "a warning")
        run.process.stdin.close()
        self.assert_code(run.finish(), 3)

    def test_nothing_to_kill_any_more(self):
        """The tool dies right after its command: the watcher goes, too."""
        for count in range(10):
            path = f"{self.path}/{count}"
            run = self.start_run("sh", "-c", "echo ready", path=path)
            run.line("^ready")
            run.send(signal.SIGKILL)
            run.finish()


class Terminal(harness.ServerTest):
    """The tool in a terminal, as a shell would start it in the foreground."""

    def start_in_terminal(self, *command, budget="9s"):
        options = [*TIMING, "--budget", budget, "--grace", "300ms"]
        return self.fork_in_terminal(harness.TOOL, "run", self.path, *options, "--", *command)

    def fork_in_terminal(self, *words):
        pid, terminal = pty.fork()
        if pid == 0:
            os.environ["LEASEHOLD_CONNECT"] = self.connect
            os.execvp(words[0], words)
        self.addCleanup(os.close, terminal)
        self.addCleanup(self.discard, pid)
        self.seen = b""
        return pid, terminal

    @staticmethod
    def discard(pid):
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass

    def read_until(self, terminal, text):
        deadline = time.monotonic() + harness.LIMIT_S
        while text not in self.seen:
            left = deadline - time.monotonic()
            self.assertGreater(left, 0, f"{text!r} not in {self.seen!r}")
            if select.select([terminal], [], [], left)[0]:
                try:
                    self.seen += os.read(terminal, 4096)
                except OSError:  # the last of the other side has closed it
                    self.fail(f"{text!r} not in {self.seen!r}, and all of it has ended")
        return self.seen

    @staticmethod
    def code_of(pid):
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def test_the_command_is_in_the_foreground_and_can_read(self):
        script = "echo group $$; read line; echo got $line"
        pid, terminal = self.start_in_terminal("sh", "-c", script)
        self.read_until(terminal, b"group ")
        group = int(self.read_until(terminal, b"\r\n").split(b"group ")[1].split()[0])
        self.assertEqual(os.tcgetpgrp(terminal), group)
        os.write(terminal, b"hello\n")
        self.read_until(terminal, b"got hello")
        self.assertEqual(self.code_of(pid), 0)

    def test_control_c_goes_to_the_command(self):
        pid, terminal = self.start_in_terminal(sys.executable, "-c", WAITER)
        self.read_until(terminal, b"ready")
        os.write(terminal, b"\x03")
        self.assertEqual(self.code_of(pid), 9)

    def test_in_a_pipeline_the_terminal_stays_with_the_neighbours(self):
        script = '"$@" | { read said; echo "it said $said"; read line </dev/tty; echo "got $line"; }'
        run = [harness.TOOL, "run", self.path, *TIMING, "--", "sh", "-c", "echo hello; sleep 60"]
        pid, terminal = self.fork_in_terminal("sh", "-c", script, "sh", *run)
        self.read_until(terminal, b"it said hello")
        self.assertEqual(os.tcgetpgrp(terminal), pid)
        os.write(terminal, b"word\n")
        self.read_until(terminal, b"got word")
        os.write(terminal, b"\x03")
        self.assertEqual(self.code_of(pid), -signal.SIGINT)

    def test_control_z_does_not_stop_the_budget(self):
        pid, terminal = self.start_in_terminal(sys.executable, "-c", WAITER, budget="1.5s")
        self.read_until(terminal, b"ready")
        os.write(terminal, b"\x1a")
        self.read_until(terminal, b"its budget goes on")
        self.assertEqual(os.tcgetpgrp(terminal), pid)
        self.assertEqual(self.code_of(pid), 124)

    def test_a_stopped_command_is_continued(self):
        pid, terminal = self.start_in_terminal(sys.executable, "-c", WAITER)
        self.read_until(terminal, b"ready")
        os.write(terminal, b"\x1a")
        self.read_until(terminal, b"its budget goes on")
        os.kill(pid, signal.SIGCONT)
        until(lambda: os.tcgetpgrp(terminal) != pid, "the command is in the foreground again")
        os.write(terminal, b"\x03")
        self.assertEqual(self.code_of(pid), 9)

    def test_modes_are_restored_after_a_kill(self):
        script = "stty -echo -icanon; trap '' TERM; echo ready; while :; do sleep 0.01; done"
        pid, terminal = self.start_in_terminal("sh", "-c", script, budget="500ms")
        self.read_until(terminal, b"ready")
        # The terminal of a session leader that ended is gone: looked at while the tool still runs.
        self.read_until(terminal, b"is used up")
        settings = subprocess.run(
            ["stty", "-a"], stdin=terminal, stdout=subprocess.PIPE, text=True, check=False
        ).stdout
        self.assertRegex(settings, r"(^|\s)icanon")
        self.assertRegex(settings, r"(^|\s)echo\s")
        self.assertEqual(self.code_of(pid), 124)


if __name__ == "__main__":
    harness.main()
