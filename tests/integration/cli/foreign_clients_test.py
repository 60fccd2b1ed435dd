"""Clients that others wrote do their ordinary work on 'leasehold serve', with one node and three.

kazoo; ZooKeeper's C client, as Debian's cli_mt; and ZooKeeper's own command line, in Java.
"""

import signal
import subprocess
import sys
import threading

import harness
from harness import LIMIT_S, KazooClient, until
from served import Served

from kazoo.exceptions import BadVersionError, NodeExistsError, NoNodeError
from kazoo.protocol.states import KazooState

CLI_MT = "/usr/lib/zookeeper/bin/cli_mt"
JARS = ":".join(
    f"/usr/share/java/{jar}.jar" for jar in ("zookeeper", "slf4j-simple", "commons-cli")
)
QUICK = ["--tick", "200ms"]
# A process with a session of 1 s that tells what becomes of it.
STOPPED = """
import sys
from kazoo.client import KazooClient
zoo = KazooClient(sys.argv[1], timeout=1)
zoo.start(30)
zoo.create("/mine", ephemeral=True)
states = {"LOST": "lost", "CONNECTED": "connected"}
zoo.add_listener(lambda state: state in states and print(states[state], flush=True))
print("created", flush=True)
sys.stdin.read()
zoo.stop()
"""


class ForeignClients(harness.ToolTest):
    """With one node; the class below repeats all of it with three."""

    nodes = []

    def setUp(self):
        super().setUp()
        self.served = Served(self, *QUICK, *self.nodes)

    def kazoo(self, **options):
        client = KazooClient(self.served.connect, timeout=options.pop("timeout", 10), **options)
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        client.start(LIMIT_S)
        return client

    # ---- kazoo ----

    def test_kazoo_reads_and_writes(self):
        zoo = self.kazoo()
        self.assertEqual(zoo.create("/a/b", b"one", makepath=True), "/a/b")
        with self.assertRaises(NodeExistsError):
            zoo.create("/a/b")
        self.assertEqual(zoo.set("/a/b", b"two").version, 1)
        with self.assertRaises(BadVersionError):
            zoo.set("/a/b", b"three", version=0)
        data, stat = zoo.get("/a/b")
        self.assertEqual((data, stat.version, stat.data_length), (b"two", 1, 3))
        self.assertLess(abs(stat.last_modified - harness.time.time()), 60)
        names = [zoo.create("/a/n-", sequence=True) for _ in range(3)]
        # The create of /a/b has counted, too.
        self.assertEqual(names, [f"/a/n-{number:010}" for number in (1, 2, 3)])
        self.assertEqual(sorted(zoo.get_children("/a")), ["b"] + [name[3:] for name in names])
        transaction = zoo.transaction()
        transaction.check("/a/b", version=1)
        transaction.create("/a/c", b"")
        transaction.delete("/a/none")
        self.assertIsInstance(transaction.commit()[2], NoNodeError)
        self.assertIsNone(zoo.exists("/a/c"), "all or nothing")
        zoo.delete("/a", recursive=True)
        self.assertIsNone(zoo.exists("/a"))
        self.assertEqual(zoo.command(b"ruok"), "imok")

    def test_kazoo_watches(self):
        zoo, other = self.kazoo(), self.kazoo()
        zoo.create("/w", b"0")
        data, children = [], []
        zoo.DataWatch("/w", lambda value, stat: data.append(value))
        zoo.ChildrenWatch("/w", lambda names: children.append(sorted(names)))
        for number in range(1, 4):
            other.set("/w", b"%d" % number)
            until(lambda wanted=b"%d" % number: data[-1] == wanted, "the change of the data")
            other.create(f"/w/{number}")
            until(lambda wanted=number: len(children[-1]) == wanted, "the change of the children")

    def test_kazoo_lock_goes_from_hand_to_hand(self):
        clients = [self.kazoo() for _ in range(3)]
        inside, most, order = [], [], []

        def work(number):
            for _ in range(5):
                with clients[number].Lock("/lock", str(number)):
                    inside.append(number)
                    most.append(len(inside))
                    order.append(number)
                    inside.remove(number)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(LIMIT_S)
        self.assertEqual((len(order), max(most)), (15, 1))
        self.assertEqual(clients[0].Lock("/lock").contenders(), [])

    def test_kazoo_session_outlives_its_connection(self):
        zoo, observer = self.kazoo(), self.kazoo()
        zoo.create("/mine", ephemeral=True)
        session = zoo.client_id
        fired = threading.Event()
        zoo.exists("/later", watch=lambda event: fired.set())
        states = []
        zoo.add_listener(states.append)
        zoo._connection._socket.shutdown(2)
        until(lambda: KazooState.CONNECTED in states, "connected again")
        self.assertEqual(zoo.client_id, session)
        self.assertEqual(states[0], KazooState.SUSPENDED)
        self.assertTrue(observer.exists("/mine"))
        observer.create("/later")
        self.assertTrue(fired.wait(LIMIT_S), "the watch was set again")

    def test_kazoo_session_expires_while_its_process_is_stopped(self):
        observer = self.kazoo()
        with subprocess.Popen(
            [sys.executable, "-c", STOPPED, self.served.connect],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:
            self.assertEqual(process.stdout.readline(), "created\n")
            gone = threading.Event()
            observer.exists("/mine", watch=lambda event: gone.set())
            process.send_signal(signal.SIGSTOP)
            try:
                self.assertTrue(gone.wait(LIMIT_S), "its session expires")
            finally:
                process.send_signal(signal.SIGCONT)
            self.assertEqual(process.stdout.readline(), "lost\n")
            self.assertEqual(process.stdout.readline(), "connected\n")
            process.stdin.close()
            self.assertEqual(process.wait(LIMIT_S), 0)

    # ---- the C client ----

    def c_client(self, command, code=0):
        done = subprocess.run(
            [CLI_MT, self.served.connect, f"cmd:{command}"],
            capture_output=True, text=True, timeout=LIMIT_S, check=False,
        )
        self.assertEqual(done.returncode, code, done)
        return done.stdout + done.stderr

    def test_c_client_does_its_ordinary_work(self):
        zoo = self.kazoo()
        self.assertIn("rc = 0", self.c_client("create /c"))
        self.assertEqual(zoo.get("/c")[0], b"new")
        self.assertIn("rc = 0", self.c_client("set /c second"))
        self.assertEqual(zoo.get("/c")[0], b"second")
        self.assertIn("second", self.c_client("get /c"))
        zoo.create("/c/child")
        self.assertIn("child", self.c_client("ls /c"))
        self.assertIn("rc = -111", self.c_client("delete /c"))
        self.assertIn("rc = 0", self.c_client("delete /c/child"))
        self.assertIn("rc = 0", self.c_client("delete /c"))
        self.assertIn("rc = -101", self.c_client("get /c"))
        self.assertIn("rc = 0", self.c_client("create +es /seq-"))

    # ---- ZooKeeper's own command line ----

    def java(self, *lines):
        done = subprocess.run(
            ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
             "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", JARS,
             "org.apache.zookeeper.ZooKeeperMain", "-server", self.served.connect],
            input="".join(f"{line}\n" for line in (*lines, "quit")),
            capture_output=True, text=True, timeout=3 * LIMIT_S, check=False,
        )
        self.assertEqual(done.returncode, 0, done)
        return done.stdout + done.stderr

    def test_java_command_line_does_its_ordinary_work(self):
        zoo = self.kazoo()
        said = self.java(
            "create /j first", "get -w /j", "set /j second", "create -e -s /j2- x", "create -c /j3",
            "ls /", "stat /j", "getAcl /j", "create /j/k", "ls -R /j", "delete /j", "deleteall /j",
            "get /j", "ls /",
        )
        for part in (
            "Created /j\n", "first", "type:NodeDataChanged path:/j", "Created /j2-0000000001",
            "Created /j3", "[j, j2-0000000001, j3, zookeeper]", "dataVersion = 1", ": cdrwa",
            "/j/k", "Node not empty: /j", "Node does not exist: /j",
        ):
            self.assertIn(part, said)
        until(lambda: zoo.get_children("/") and "j2-0000000001" not in zoo.get_children("/"),
              "the ephemeral node went with its session")


class ForeignClientsOnThreeNodes(ForeignClients):
    nodes = ["--nodes", "3"]


if __name__ == "__main__":
    harness.main()
