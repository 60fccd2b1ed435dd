"""What is no fault of the command: no server, a server that is none, and one that says no."""

import os
import socket
import struct
import time

import harness
from harness import SLACK_S, TIMING

from kazoo.security import make_acl, make_digest_acl

WAIT_S = 0.7
WAIT = ["--wait", "700ms"]


def read_all(connection):
    while connection.recv(65536):
        pass


class NoServer(harness.ToolTest):
    def check(self, address, code, text=""):
        """Both commands, each within its wait and a second."""
        for arguments in (
            ["run", self.path, *TIMING, *WAIT, "--", "true"],
            ["ls", self.path, *WAIT],
        ):
            with self.subTest(arguments=arguments):
                done = self.tool(*arguments, connect=address)
                self.assert_code(done, code)
                self.assertIn(text, done.err)
                self.assertLessEqual(done.err.count("\n"), 2, done)
                self.assertLess(done.seconds, WAIT_S + SLACK_S)

    def serve(self, serve):
        server = harness.FakeServer(serve)
        self.addCleanup(server.close)
        return server.address

    def test_nobody_listens(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = "127.0.0.1:%d" % listener.getsockname()[1]
        self.check(address, 69, "no server could be reached")

    def test_name_that_does_not_exist(self):
        self.check("no-such-host.invalid:2181", 69)

    def test_accepts_and_never_answers(self):
        self.check(self.serve(read_all), 69)

    def test_never_accepts(self):
        """The backlog is full: the connection stays half open."""
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            held = []
            for _ in range(4):
                each = socket.socket()
                each.setblocking(False)
                each.connect_ex(listener.getsockname())
                held.append(each)
            self.check("127.0.0.1:%d" % listener.getsockname()[1], 69)
            for each in held:
                each.close()

    def test_closes_at_once(self):
        self.check(self.serve(lambda connection: connection.close()), 69)

    def test_garbage(self):
        def serve(connection):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" * 4)
            read_all(connection)

        self.check(self.serve(serve), 76, "protocol")

    def test_huge_frame(self):
        def serve(connection):
            connection.recv(65536)
            connection.sendall(struct.pack(">i", 0x7FFFFFFF) + os.urandom(65536))
            read_all(connection)

        self.check(self.serve(serve), 76, "protocol")

    def test_random_bytes(self):
        def serve(connection):
            connection.recv(65536)
            connection.sendall(b"\xff" * 100_000)
            read_all(connection)

        self.check(self.serve(serve), 76, "protocol")

    def test_one_byte_at_a_time(self):
        def serve(connection):
            connection.recv(65536)
            while True:
                connection.sendall(b"\0")
                time.sleep(0.05)

        address = self.serve(serve)
        for arguments in (
            ["run", self.path, *TIMING, *WAIT, "--", "true"],
            ["ls", self.path, *WAIT],
        ):
            done = self.tool(*arguments, connect=address)
            self.assertIn(done.code, (69, 76), done)
            self.assertLess(done.seconds, WAIT_S + SLACK_S)


class NotPermitted(harness.ServerTest):
    def setUp(self):
        super().setUp()
        self.zoo.ensure_path("/cli")

    def check(self, arguments):
        done = self.tool(*arguments)
        self.assert_code(done, 77)
        self.assertIn(self.path, done.err)
        self.assertLess(done.seconds, 5 + SLACK_S)

    def test_a_parent_that_is_not_ours(self):
        owner = make_digest_acl("alice", "secret", all=True)
        self.zoo.create(self.path, b"", acl=[owner])
        self.check(["run", self.path, *TIMING, "--", "true"])
        self.check(["ls", self.path])

    def test_a_grandparent_that_is_not_ours(self):
        owner = make_digest_acl("alice", "secret", all=True)
        self.zoo.create(self.path, b"", acl=[owner])
        done = self.tool("run", self.path + "/below", *TIMING, "--", "true")
        self.assert_code(done, 77)

    def test_a_parent_that_may_be_read_only(self):
        self.zoo.create(self.path, b"", acl=[make_acl("world", "anyone", read=True)])
        self.check(["run", self.path, *TIMING, "--", "true"])
        self.assert_code(self.tool("ls", self.path), 0)


if __name__ == "__main__":
    harness.main()
