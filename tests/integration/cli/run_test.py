"""leasehold run: exit codes, what the command gets, the budget, and what is left afterwards."""

import os
import re
import signal
import subprocess
import sys
import threading

import harness
from harness import FACTOR, SLACK_S, is_alive, until

OPEN_DESCRIPTORS = """
import os
def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
print([number for number in range(1024) if is_open(number)])
"""


class ExitCodes(harness.ServerTest):
    def test_code_of_the_command(self):
        for code in (0, 1, 7, 255):
            with self.subTest(code=code):
                self.assert_code(self.run_tool("sh", "-c", f"exit {code}"), code)

    def test_signal_of_the_command(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV):
            with self.subTest(signal=number):
                done = self.run_tool("sh", "-c", f"ulimit -c 0; kill -{int(number)} $$")
                self.assert_code(done, 128 + number)

    def test_no_such_command(self):
        for command in ("leasehold-no-such-command", "/no/such/command", ""):
            with self.subTest(command=command):
                done = self.run_tool(command)
                self.assert_code(done, 127)
                self.assertIn("No such file", done.err)

    def test_not_executable(self):
        plain = self.file("plain")
        with open(plain, "w", encoding="ascii") as file:
            file.write("exit 0\n")
        for command in (plain, self.directory):
            with self.subTest(command=command):
                self.assert_code(self.run_tool(command), 126)

    def test_not_executable_shows_only_when_executed(self):
        script = self.file("script")
        with open(script, "w", encoding="ascii") as file:
            file.write("#!/no/such/interpreter\n")
        os.chmod(script, 0o700)
        self.assert_code(self.run_tool(script), 127)
        self.wait_for_contenders(0)

    def test_usage(self):
        for arguments in (
            [],
            ["run"],
            ["run", self.path],
            ["run", self.path, "true"],
            ["run", "relative", "--", "true"],
            ["run", "/a//b", "--", "true"],
            ["run", "/a/../b", "--", "true"],
            ["run", "/", "--", "true"],
            ["run", self.path, "--wait", "-1s", "--", "true"],
            ["run", self.path, "--budget", "5", "--", "true"],
            ["run", self.path, "--budget", "0s", "--", "true"],
            ["run", self.path, "--tick", "0s", "--", "true"],
            ["run", self.path, "--connect", "host:port", "--", "true"],
            ["run", self.path, "--connect", "a,,b", "--", "true"],
            ["ls"],
            ["ls", "relative"],
        ):
            with self.subTest(arguments=arguments):
                done = self.tool(*arguments)
                self.assert_code(done, 64)
                self.assertTrue(done.err.startswith("leasehold: "), done)
                self.assertLessEqual(done.err.count("\n"), 2, done)

    def test_no_ensemble(self):
        done = self.tool("run", self.path, "--", "true", connect="")
        self.assert_code(done, 64)
        self.assertIn("LEASEHOLD_CONNECT", done.err)

    def test_refused_budget_names_the_numbers(self):
        done = self.run_tool("true", options=["--session-timeout", "4s", "--budget", "3s"])
        self.assert_code(done, 64)
        self.assertIn("2.11 s", done.err)
        self.assertIn("1.81 s", done.err)
        self.wait_for_contenders(0)

    def test_chroot_that_does_not_exist(self):
        done = self.run_tool("true", connect=self.connect + "/nowhere")
        self.assert_code(done, 64)

    def test_not_acquired_names_the_holder_and_ends_in_time(self):
        holder = self.start_run("cat", stdin=subprocess.PIPE)
        self.wait_for_contenders(1)
        done = self.run_tool("true", options=["--wait", "300ms"])
        self.assert_code(done, 75)
        self.assertIn("held by cat on ", done.err)
        self.assertIn("leasehold ls " + self.path, done.err)
        self.assertGreaterEqual(done.seconds, 0.3)
        self.assertLess(done.seconds, 0.3 + SLACK_S)
        holder.process.stdin.close()
        self.assert_code(holder.finish(), 0)

    def test_try_on_a_busy_lock(self):
        holder = self.start_run("cat", stdin=subprocess.PIPE)
        self.wait_for_contenders(1)
        done = self.run_tool("true", options=["--wait", "0s"])
        self.assert_code(done, 75)
        self.assertLess(done.seconds, 0.2 + SLACK_S)
        holder.process.stdin.close()
        self.assert_code(holder.finish(), 0)

    def test_output_is_for_nobody(self):
        """Standard error is a pipe that nobody reads: that must not change how it ends."""
        reader, writer = os.pipe()
        os.close(reader)
        command = [harness.TOOL, "run", self.path, *harness.TIMING, "--budget", "200ms", "--",
                   "sleep", "5"]
        variables = dict(os.environ, LEASEHOLD_CONNECT=self.connect)
        done = subprocess.run(command, stderr=writer, env=variables, timeout=20, check=False)
        os.close(writer)
        self.assertEqual(done.returncode, 124)


class Command(harness.ServerTest):
    """What the command gets from us."""

    def test_variables(self):
        script = 'echo "$LEASEHOLD_TOKEN $LEASEHOLD_PATH $LEASEHOLD_DEADLINE_MS"'
        tokens = []
        for _ in range(3):
            done = self.run_tool("sh", "-c", script)
            self.assert_code(done, 0)
            token, path, left = done.out.split()
            self.assertRegex(token, r"^[1-9][0-9]{0,18}$")
            self.assertLess(int(token), 2**63)
            self.assertEqual(path, self.path)
            self.assertRegex(left, r"^[0-9]+$")
            self.assertTrue(0 < int(left) <= 10_000, left)
            tokens.append(int(token))
        self.assertEqual(tokens, sorted(set(tokens)), "tokens rise")

    def test_variables_of_an_outer_run_are_replaced(self):
        env = {"LEASEHOLD_TOKEN": "outer", "LEASEHOLD_PATH": "/outer"}
        script = "env | grep -c -e ^LEASEHOLD_TOKEN= -e ^LEASEHOLD_PATH=; echo $LEASEHOLD_PATH"
        done = self.run_tool("sh", "-c", script, env=env)
        self.assertEqual(done.out.split(), ["2", self.path])

    def test_who_shares_has_no_token_not_even_an_outer_one(self):
        env = {"LEASEHOLD_TOKEN": "4711"}
        script = 'echo "${LEASEHOLD_TOKEN-unset} $LEASEHOLD_PATH $((LEASEHOLD_DEADLINE_MS > 0))"'
        done = self.run_tool("sh", "-c", script, options=["--shared"], env=env)
        self.assert_code(done, 0)
        self.assertEqual(done.out.split(), ["unset", self.path, "1"])

    def test_arguments_and_standard_streams(self):
        script = 'printf "<%s>" "$@"; cat; echo oops >&2'
        with open(self.file("input"), "w+", encoding="ascii") as given:
            given.write("input")
            given.seek(0)
            done = self.run_tool(
                "sh", "-c", script, "sh", "a  b", "", "--help", "--", stdin=given
            )
        self.assert_code(done, 0)
        self.assertEqual(done.out, "<a  b><><--help><-->input")
        self.assertEqual(done.err, "oops\n")

    def test_no_descriptor_of_ours(self):
        given = os.open(os.devnull, os.O_RDONLY)
        self.addCleanup(os.close, given)
        done = self.run_tool(
            sys.executable, "-c", OPEN_DESCRIPTORS, pass_fds=[given]
        )
        self.assert_code(done, 0)
        self.assertEqual(done.out, f"{[0, 1, 2, given]}\n")

    def test_signal_settings_are_those_that_we_were_given(self):
        show = ["grep", "-E", "^Sig(Blk|Ign|Cgt):", "/proc/self/status"]

        def spoiled():
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGALRM])

        for prepare in (None, spoiled):
            with self.subTest(prepare=prepare):
                direct = subprocess.run(
                    show, stdout=subprocess.PIPE, text=True, preexec_fn=prepare, check=False
                )
                done = self.run_tool(*show, preexec_fn=prepare)
                self.assert_code(done, 0)
                self.assertEqual(done.out, direct.stdout)

    def test_process_group_of_its_own(self):
        done = self.run_tool("sh", "-c", "echo $$ $(ps -o pgid= -p $$)")
        pid, group = done.out.split()
        self.assertEqual(pid, group)

    def test_closed_standard_streams(self):
        """With 0, 1 and 2 closed, nothing of ours gets such a number."""
        marker = self.file("done")
        command = [harness.TOOL, "run", self.path, *harness.TIMING, "--",
                   "touch", marker]
        done = subprocess.run(
            ["sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh", *command],
            env=dict(os.environ, LEASEHOLD_CONNECT=self.connect),
            timeout=harness.LIMIT_S,
            check=False,
        )
        self.assertEqual(done.returncode, 0)
        self.assertTrue(os.path.exists(marker))


class Budget(harness.ServerTest):
    def test_sigterm_at_the_budget(self):
        done = self.run_tool("sleep", "60", options=["--budget", "500ms", "--grace", "1s"])
        self.assert_code(done, 124)
        self.assertGreaterEqual(done.seconds, 0.5)
        self.assertLess(done.seconds, 0.5 + SLACK_S)
        self.assertIn("budget of 500ms", done.err)
        self.assertIn("SIGTERM", done.err)

    def test_a_command_that_obeys_is_still_over_budget(self):
        script = "trap 'exit 0' TERM; while :; do sleep 0.01; done"
        done = self.run_tool("sh", "-c", script, options=["--budget", "300ms"])
        self.assert_code(done, 124)

    def test_sigkill_after_the_grace(self):
        script = "trap '' TERM; echo ready $$; sleep 60 & echo child $!; while :; do sleep 1; done"
        run = self.start_run("sh", "-c", script, options=["--budget", "1s", "--grace", "400ms"])
        child = int(run.line(r"^child (\d+)")[1])
        done = run.finish()
        self.assert_code(done, 124)
        self.assertGreaterEqual(done.seconds, 1.4)
        self.assertLess(done.seconds, 1.4 + SLACK_S)
        self.assertIn("SIGKILL", done.err)
        self.assertFalse(is_alive(child))

    def test_the_node_stays_until_the_command_is_gone(self):
        marker = self.file("gone")
        script = f"trap 'sleep 0.4; touch {marker}; exit' TERM; echo ready; " \
                 "while :; do sleep 0.01; done"
        run = self.start_run("sh", "-c", script, options=["--budget", "1s", "--grace", "5s"])
        run.line("^ready")
        node = f"{self.path}/{self.wait_for_contenders(1)[0]}"
        marker_was_there = []
        deleted = threading.Event()

        def on_event(_event):
            marker_was_there.append(os.path.exists(marker))
            deleted.set()

        self.assertIsNotNone(self.zoo.exists(node, watch=on_event))
        self.assert_code(run.finish(), 124)
        self.assertTrue(deleted.wait(harness.LIMIT_S))
        self.assertEqual(marker_was_there, [True])

    def test_a_stopped_command(self):
        done = self.run_tool(
            "sh", "-c", "kill -STOP $$; exit 3", options=["--budget", "500ms", "--grace", "300ms"]
        )
        self.assert_code(done, 124)
        self.assertLess(done.seconds, 0.8 + SLACK_S)
        self.assertIn("stopped", done.err)

    def test_a_command_that_leaves_its_group_behind(self):
        script = "trap '' TERM; sleep 60 & echo child $!; exit 4"
        run = self.start_run("sh", "-c", script)
        child = int(run.line(r"^child (\d+)")[1])
        done = run.finish()
        self.assert_code(done, 4)
        self.assertLess(done.seconds, 8)
        self.assertFalse(is_alive(child))

    def test_a_grace_longer_than_the_lease(self):
        """It does not end the command before its time, and the command is still gone in time."""
        done = self.run_tool("sh", "-c", "sleep 0.4; exit 6", options=["--grace", "1m"])
        self.assert_code(done, 6)

    def test_nothing_is_left_on_the_server(self):
        for command in (["true"], ["sleep", "5"]):
            self.run_tool(*command, options=["--budget", "300ms"])
            # The tool has ended: the node is gone, not about to go.
            self.assertEqual(self.contenders(), [])


class Queue(harness.ServerTest):
    def test_first_come_first_served(self):
        """Each appends its token; nobody is inside together with another."""
        log = self.file("log")
        script = f"mkdir {self.file('inside')} && echo $LEASEHOLD_TOKEN >>{log}; sleep 0.05; " \
                 f"rmdir {self.file('inside')}"
        options = ["--wait", "30s"]
        for run in [self.start_run("sh", "-c", script, options=options) for _ in range(5)]:
            self.assert_code(run.finish(), 0)
        with open(log, encoding="ascii") as file:
            tokens = [int(line) for line in file]
        self.assertEqual(len(tokens), 5)
        self.assertEqual(tokens, sorted(set(tokens)))

    def test_shared_runs_run_together_and_nobody_else_beside_them(self):
        options = ["--shared", "--wait", "30s"]
        readers = [self.start_run("sh", "-c", "echo in; cat", options=options,
                                  stdin=subprocess.PIPE) for _ in range(2)]
        for reader in readers:
            reader.line("^in$")
        done = self.run_tool("true", options=["--wait", "300ms"])
        self.assert_code(done, 75)
        writer = self.start_run("sh", "-c", "echo in", options=["--wait", "30s"])
        self.wait_for_contenders(3)
        for reader in readers:
            self.assertEqual(writer.text(0), "")
            reader.process.stdin.close()
            self.assert_code(reader.finish(), 0)
        self.assert_code(writer.finish(), 0)

    def test_as_many_as_there_are_permits_run_together(self):
        options = ["--permits", "2", "--wait", "30s"]
        command = ["sh", "-c", "echo $LEASEHOLD_TOKEN; cat"]
        runs = [self.start_run(*command, options=options, stdin=subprocess.PIPE)
                for _ in range(2)]
        tokens = {run.line("^([0-9]+)$")[1] for run in runs}
        self.assertEqual(len(tokens), 2)
        self.assert_code(self.run_tool("true", options=["--permits", "2", "--wait", "300ms"]), 75)
        third = self.start_run(*command, options=options, stdin=subprocess.PIPE)
        self.wait_for_contenders(3)
        self.assertEqual(third.text(0), "")
        runs[1].process.stdin.close()
        self.assert_code(runs[1].finish(), 0)
        self.assertGreater(int(third.line("^([0-9]+)$")[1]), max(map(int, tokens)))
        for run in (runs[0], third):
            run.process.stdin.close()
            self.assert_code(run.finish(), 0)

    def test_further_paths_are_locked_together_with_the_one(self):
        other = self.path + "-too"
        script = "echo $LEASEHOLD_TOKEN $LEASEHOLD_PATH; cat"
        run = self.start_run("sh", "-c", script, options=["--also", other],
                             stdin=subprocess.PIPE)
        token, path = run.line("^([0-9]+) (.*)$").groups()
        self.assertEqual(path, self.path)
        nodes = [self.zoo.get(f"{each}/{self.zoo.get_children(each)[0]}")[1]
                 for each in (self.path, other)]
        self.assertEqual([node.czxid * 64 for node in nodes], [int(token)] * 2)
        done = self.run_tool("true", options=["--also", other + "-3", "--also", other,
                                              "--wait", "0s"])
        self.assert_code(done, 75)
        run.process.stdin.close()
        self.assert_code(run.finish(), 0)
        self.assertEqual(self.zoo.get_children(self.path) + self.zoo.get_children(other), [])

    def test_further_paths_that_do_not_go_together_are_refused_by_name(self):
        for also, text in ((self.path, "twice"), (self.path + "/below", "above"), ("x", "slash")):
            with self.subTest(also=also):
                done = self.run_tool("true", options=["--also", also])
                self.assert_code(done, 64)
                self.assertIn(also, done.err)
                self.assertIn(text, done.err)
        self.assertIsNone(self.zoo.exists(self.path), "nothing was written")

    def test_another_number_of_permits_is_refused_with_both(self):
        run = self.start_run("cat", options=["--permits", "2"], stdin=subprocess.PIPE)
        self.wait_for_contenders(1)
        done = self.run_tool("true", options=["--permits", "3"])
        self.assert_code(done, 64)
        self.assertIn("2 permits, not 3", done.err)
        self.assertIn("--permits", done.err)
        self.assert_code(self.run_tool("true"), 64)
        self.wait_for_contenders(1)
        run.process.stdin.close()
        self.assert_code(run.finish(), 0)
        self.assertEqual(self.zoo.get(self.path)[0], b"2")

    def test_numbers_of_permits_that_are_none(self):
        for number in ("0", "-1", "2147483648", "two", "1.5", ""):
            with self.subTest(number=number):
                done = self.run_tool("true", options=["--permits", number])
                self.assert_code(done, 64)
                self.assertIn("--permits", done.err)
        done = self.run_tool("true", options=["--permits", "2", "--shared"])
        self.assert_code(done, 64)
        self.assertIn("--shared", done.err)
        self.assertIsNone(self.zoo.exists(self.path), "nothing was written")

    def test_every_naming_has_its_names(self):
        for options, text in (
            ([], "-lock-"), (["--shared"], "-__READ__"),
            (["--naming", "curator-rw"], "-__WRIT__"),
            (["--naming", "curator-rw", "--shared"], "-__READ__"),
            (["--naming", "kazoo"], "__lock__"), (["--naming", "kazoo", "--shared"], "__rlock__"),
        ):
            with self.subTest(options=options):
                run = self.start_run("cat", options=options, stdin=subprocess.PIPE)
                (node,) = self.wait_for_contenders(1)
                self.assertRegex(node, f"^[0-9a-f]{{16}}{text}[0-9]{{10}}$")
                run.process.stdin.close()
                self.assert_code(run.finish(), 0)

    def test_a_queue_of_others_that_would_not_see_us_is_refused_with_the_remedy(self):
        self.zoo.ensure_path(self.path)
        mutex = self.zoo.create(
            f"{self.path}/_c_3f2a1b4c-0000-4000-8000-1234567890ab-lock-", ephemeral=True,
            sequence=True,
        )
        done = self.run_tool("true", options=["--shared"])
        self.assert_code(done, 64)
        self.assertIn("InterProcessMutex", done.err)
        self.assertIn("--naming", done.err)
        self.assertEqual(self.contenders(), [os.path.basename(mutex)])
        self.zoo.delete(mutex)

    def test_kazoos_lock_is_respected_and_respects(self):
        lock = self.zoo.Lock(self.path, "kazoo")
        with lock:
            done = self.run_tool("true", options=["--naming", "kazoo", "--wait", "300ms"])
            self.assert_code(done, 75)
        run = self.start_run("cat", options=["--naming", "kazoo"], stdin=subprocess.PIPE)
        until(lambda: any("__lock__" in name for name in self.contenders()), "our node")
        self.assertFalse(lock.acquire(blocking=False))
        run.process.stdin.close()
        self.assert_code(run.finish(), 0)
        self.assertTrue(lock.acquire(timeout=10 * FACTOR))
        lock.release()

    def test_a_warning_where_kazoo_would_not_see_us(self):
        lock = self.zoo.Lock(self.path, "kazoo")
        with lock:
            done = self.run_tool("true", options=["--wait", "300ms"])
        self.assert_code(done, 75)
        self.assertRegex(done.err, "warning: .*--naming kazoo")


class Help(harness.ToolTest):
    def test_each_has_an_example(self):
        for arguments in (["--help"], ["run", "--help"], ["ls", "--help"], ["run", "-h"]):
            done = self.tool(*arguments)
            self.assert_code(done, 0)
            self.assertIn("Example", done.out)
            self.assertEqual(done.err, "")

    def test_version(self):
        done = self.tool("--version")
        self.assert_code(done, 0)
        self.assertRegex(done.out, re.compile(r"^leasehold \d+\.\d+\.\d+$"))


if __name__ == "__main__":
    harness.main()
