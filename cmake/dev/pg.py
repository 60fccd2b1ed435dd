#!/usr/bin/env python3
"""Starts a throw-away PostgreSQL server on loopback, from Debian's packages.

    pg.py run [--setting NAME=VALUE]... -- COMMAND ARGS...

run starts a server with an empty database, runs COMMAND with every "{}" of its arguments replaced by
a libpq connection string, and with PGHOST, PGPORT, PGUSER and PGDATABASE saying the same. When
COMMAND has ended, however it ended, the server is stopped and its files are removed; if this script
itself is killed, both die with it. Whoever can reach the loopback port is let in, and nothing is
synced to the disk.

PostgreSQL refuses to run as root: then it runs as the user "postgres", which Debian's package makes.

Only Python's own library is used, so that tests can import this file as well:

    with pg.Postgres() as server:
        server.connection_string; server.execute("select 1"); server.stop(); server.start()
"""

import argparse
import contextlib
import glob
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import zk_servers

USER = "leasehold"
DATABASE = "postgres"  # initdb makes it
RUNS_AS = "postgres"  # instead of root
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
PORT_TAKEN = "Address already in use"
SOCKET_PATH_LIMIT = 107 - len("/.s.PGSQL.65535")

Failure = zk_servers.Failure


def binary(name):
    """The newest one that is installed; Debian keeps them off the PATH."""

    def version(path):
        found = re.search(r"/postgresql/(\d+)/", path)
        return int(found.group(1)) if found else 0

    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), key=version)
    path = found[-1] if found else shutil.which(name)
    if path is None:
        raise Failure(f"no PostgreSQL ({name}) found; './dev setup' installs one")
    return path


class Postgres:
    """One server with its directory. stop() keeps the data and the port for the next start()."""

    def __init__(self, root=None, settings=()):
        """`root`: below it the files are; as root always below the directory for temporary files,
        which the other user can reach. `settings`: "NAME=VALUE" as in postgresql.conf."""
        self.settings = list(settings)
        self.identity = {}
        self.process = None
        self.port = None
        owner = None
        if os.geteuid() == 0:
            root = None
            try:
                owner = pwd.getpwnam(RUNS_AS)
            except KeyError:
                raise Failure(f"PostgreSQL does not run as root, and no user {RUNS_AS}") from None
            self.identity = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        if root is not None:
            os.makedirs(root, exist_ok=True)
        self.directory = tempfile.mkdtemp(prefix="leasehold-pg-", dir=root)
        if owner is not None:
            os.chown(self.directory, owner.pw_uid, owner.pw_gid)
        self.data = os.path.join(self.directory, "data")
        self.log = os.path.join(self.directory, "server.log")

    @property
    def connection_string(self):
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={DATABASE}"

    @property
    def environment(self):
        """What libpq reads when it is told nothing else."""
        return {
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": USER,
            "PGDATABASE": DATABASE,
        }

    @property
    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def start(self):
        """Returns when the server lets clients in."""
        if self.is_running:
            return
        if not os.path.exists(os.path.join(self.data, "PG_VERSION")):
            self._make_cluster()
        attempts = 1 if self.port else zk_servers.START_ATTEMPTS
        for attempt in range(1, attempts + 1):
            if not self.port or attempt > 1:
                with zk_servers.hold_free_port() as held:
                    self.port = held.getsockname()[1]
            try:
                self._launch()
                self._wait_until_ready()
                return
            except BaseException as error:
                self.stop()
                if PORT_TAKEN not in str(error) or attempt == attempts:
                    raise

    def _make_cluster(self):
        made = subprocess.run(
            [binary("initdb"), "--no-sync", "--no-locale", "--encoding=UTF8", "--auth=trust"]
            + [f"--username={USER}", f"--pgdata={self.data}"],
            cwd=self.directory,
            capture_output=True,
            text=True,
            check=False,
            **self.identity,
        )
        if made.returncode:
            raise Failure(f"initdb failed:\n{made.stdout}{made.stderr}")

    def _launch(self):
        has_room = len(self.directory) <= SOCKET_PATH_LIMIT
        settings = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            f"unix_socket_directories={self.directory if has_room else ''}",
            "fsync=off",  # nothing has to survive the machine, only the process
            "full_page_writes=off",
            "shared_buffers=16MB",
            "max_connections=50",
            *self.settings,
        ]
        command = [binary("postgres"), "-D", self.data]
        for each in settings:
            command += ["-c", each]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.directory,
                start_new_session=True,  # a Ctrl-C at the terminal is not for the server
                # An immediate shutdown, which leaves no shared memory behind as SIGKILL would.
                preexec_fn=lambda: zk_servers.die_with_parent(signal.SIGQUIT),
                **self.identity,
            )

    def _log_tail(self):
        with contextlib.suppress(OSError):
            with open(self.log, encoding="utf-8", errors="replace") as file:
                return "".join(file.readlines()[-15:])
        return ""

    def _wait_until_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            # The eighth line of this file is the state; pg_ctl reads it, too.
            with contextlib.suppress(OSError):
                with open(os.path.join(self.data, "postmaster.pid"), encoding="utf-8") as file:
                    lines = file.read().splitlines()
                is_this_one = lines and lines[0].strip() == str(self.process.pid)
                if is_this_one and len(lines) > 7 and lines[7].strip() == "ready":
                    return
            if self.process.poll() is not None:
                raise Failure(f"PostgreSQL ended at once:\n{self._log_tail()}")
            if time.monotonic() > deadline:
                raise Failure(f"PostgreSQL not ready in {START_TIMEOUT_S} s:\n{self._log_tail()}")
            time.sleep(zk_servers.POLL_S)

    def stop(self, how=signal.SIGINT):
        """SIGINT: every connection is cut, what was committed is kept. SIGQUIT: as by a crash."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def execute(self, sql):
        """Runs SQL by psql; answers its rows, one a line, values separated by "|"."""
        ran = subprocess.run(
            [binary("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", self.connection_string],
            input=sql,
            capture_output=True,
            text=True,
            check=False,
        )
        if ran.returncode:
            raise Failure(f"psql: {ran.stderr.strip()}")
        return ran.stdout.strip()

    def remove(self):
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_):
        self.remove()


def run(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise Failure("run: which command? pg.py run [options] -- COMMAND ARGS...")
    for each in options.setting:
        if "=" not in each:
            raise Failure(f"--setting {each}: NAME=VALUE, as in postgresql.conf")

    def interrupted(number, _frame):
        raise SystemExit(128 + number)

    # Until the command runs, a signal ends us through the clean-up below.
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in signals:
        signal.signal(number, interrupted)
    server = Postgres(options.root, options.setting)
    try:
        server.start()
        os.environ.update(server.environment)
        return zk_servers.run_command([each.replace("{}", server.connection_string) for each in command])
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_IGN)
        server.remove()


def parser():
    top = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = top.add_subparsers(dest="what", metavar="COMMAND", required=True)
    each = commands.add_parser("run", help="a server for the time of one command")
    each.add_argument(
        "--root",
        metavar="DIR",
        help="where the server's files are; default, and always as root: where temporary files are",
    )
    each.add_argument(
        "--setting",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="as in postgresql.conf; may be repeated",
    )
    each.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ARGS...")
    return top


def main():
    options = parser().parse_args()
    try:
        return run(options)
    except Failure as failure:
        zk_servers.say(f"pg: {failure}")
        return 1


if __name__ == "__main__":
    sys.exit(main())
