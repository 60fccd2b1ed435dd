#!/usr/bin/env python3
"""cmake/dev/pg.py on real servers: they serve when it says so, and nothing is left when it is done."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PG = os.path.join(SOURCE, "cmake", "dev", "pg.py")
sys.path[:0] = [os.path.dirname(PG), os.path.join(SOURCE, "tests", "support")]
import pg  # noqa: E402  (found only once the path is set)
import zk_servers  # noqa: E402
from waiting import PATIENCE_S, wait_until  # noqa: E402


def is_alive(pid):
    return zk_servers.start_ticks(pid) is not None


class Pg(unittest.TestCase):
    def setUp(self):
        # Where the servers' files are, also as root: nobody else's are in the way then.
        temporary = tempfile.TemporaryDirectory()
        self.root = temporary.name
        os.chmod(self.root, 0o755)
        self.addCleanup(temporary.cleanup)
        before = tempfile.tempdir
        tempfile.tempdir = self.root
        self.addCleanup(setattr, tempfile, "tempdir", before)
        self.environment = {**os.environ, "TMPDIR": self.root}

    def command(self, *arguments):
        return [sys.executable, "-B", PG, "run", *arguments]

    def run_pg(self, *arguments):
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            check=False,
            env=self.environment,
        )

    def assert_nothing_left(self, pids=()):
        self.assertEqual([], os.listdir(self.root))
        for pid in pids:
            self.assertFalse(is_alive(pid))

    def test_it_serves_and_goes(self):
        with pg.Postgres() as server:
            self.assertEqual("1", server.execute("select 1"))
            pid = server.process.pid
        self.assert_nothing_left([pid])

    def test_it_goes_on_with_its_data_and_port(self):
        with pg.Postgres() as server:
            server.execute("create table t (n int); insert into t values (7)")
            before = server.connection_string
            for how in (signal.SIGINT, signal.SIGQUIT):
                with self.subTest(how=how):
                    server.stop(how)
                    self.assertFalse(server.is_running)
                    with self.assertRaises(pg.Failure):
                        server.execute("select 1")
                    server.start()
                    self.assertEqual(before, server.connection_string)
                    self.assertEqual("7", server.execute("select n from t"))

    def test_stopping_cuts_a_statement_that_runs(self):
        with pg.Postgres() as server:
            sleeping = subprocess.Popen(
                [pg.binary("psql"), "-XAtq", "-d", server.connection_string]
                + ["-c", "select pg_sleep(1000)"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            with sleeping:
                wait_until(
                    lambda: "1" == server.execute(
                        "select count(*) from pg_stat_activity where wait_event = 'PgSleep'"
                    ),
                    "the statement runs",
                )
                server.stop()
                self.assertNotEqual(0, sleeping.wait(PATIENCE_S))

    def test_settings_reach_the_server_and_errors_are_told(self):
        with pg.Postgres(settings=["max_connections=17"]) as server:
            self.assertEqual("17", server.execute("show max_connections"))
            with self.assertRaisesRegex(pg.Failure, "nothing_like_it"):
                server.execute("select * from nothing_like_it")
        with self.assertRaisesRegex(pg.Failure, "no_such_setting"):
            pg.Postgres(settings=["no_such_setting=1"]).__enter__()
        self.assert_nothing_left()

    def test_a_port_taken_meanwhile_is_said_so(self):
        with pg.Postgres() as server:
            server.stop()
            with socket.socket() as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                taken.bind(("127.0.0.1", server.port))
                taken.listen()
                with self.assertRaisesRegex(pg.Failure, pg.PORT_TAKEN):
                    server.start()
            server.start()

    def test_run_gives_the_address_and_the_exit_code(self):
        script = 'echo "{}"; "$0" -XAtqc "select current_user"; exit 7'
        ran = self.run_pg("--", "sh", "-c", script, pg.binary("psql"))
        self.assertEqual(7, ran.returncode, ran.stderr)
        self.assertRegex(
            ran.stdout, r"^host=127\.0\.0\.1 port=\d+ user=leasehold dbname=postgres\nleasehold\n$"
        )
        self.assert_nothing_left()

    def run_in_background(self):
        """(the process of pg.py, the pids of its server and its command) while the latter waits"""
        script = (
            'echo $$; "$0" -XAtqc "select pg_read_file(\'postmaster.pid\', 0, 20)" | head -n 1;'
            "exec sleep 1000"
        )
        running = subprocess.Popen(
            self.command("--", "sh", "-c", script, pg.binary("psql")),
            stdout=subprocess.PIPE,
            env=self.environment,
        )
        self.addCleanup(running.wait)
        self.addCleanup(running.stdout.close)
        return running, [int(running.stdout.readline()) for _ in range(2)]

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
        for bad, named in (([], "which command"), (["--setting", "x", "--", "true"], "--setting x")):
            with self.subTest(bad):
                refused = self.run_pg(*bad)
                self.assertEqual(1, refused.returncode)
                self.assertIn(named, refused.stderr)
        self.assert_nothing_left()


if __name__ == "__main__":
    unittest.main()
