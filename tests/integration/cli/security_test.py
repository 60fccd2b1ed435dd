"""TLS and credentials of the tool, on a real server: from options, a file and the environment."""

import os
import shutil
import subprocess
import tempfile

import harness
import zk_servers
from harness import TIMING

WAIT = ["--wait", "1500ms"]


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_authority(directory, name):
    """A key and a certificate that signs itself, as NAME.key and NAME.pem."""
    key, certificate = (os.path.join(directory, f"{name}.{end}") for end in ("key", "pem"))
    openssl(
        *"req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj".split(),
        f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate,
    )  # fmt: skip
    return key, certificate


class Security(harness.ServerTest):
    netty = True

    @classmethod
    def setUpClass(cls):
        cls.files = tempfile.mkdtemp(prefix="leasehold-tls-")
        cls.addClassCleanup(shutil.rmtree, cls.files, ignore_errors=True)
        key, cls.ca = make_authority(cls.files, "ours")
        _, cls.foreign = make_authority(cls.files, "foreign")
        store = os.path.join(cls.files, "store.pem")
        with open(store, "w", encoding="ascii") as out:
            for each in (key, cls.ca):
                with open(each, encoding="ascii") as part:
                    out.write(part.read())
        with zk_servers.hold_free_port() as held:
            port = held.getsockname()[1]
        cls.config = [
            f"secureClientPort={port}",
            "secureClientPortAddress=127.0.0.1",
            f"ssl.keyStore.location={store}",
            f"ssl.trustStore.location={cls.ca}",
            "ssl.clientAuth=none",
        ]
        cls.tls = f"tls://localhost:{port}"
        super().setUpClass()

    def put(self, name, text):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.file(name)

    def test_runs_and_lists_through_tls(self):
        done = self.run_tool("echo", "done", options=["--tls-ca", self.ca], connect=self.tls)
        self.assert_code(done, 0)
        self.assertEqual("done\n", done.out)
        self.assert_code(self.tool("ls", self.path, "--tls-ca", self.ca, connect=self.tls), 0)

    def test_what_does_not_hold_is_said(self):
        for options, text in (
            (["--tls-ca", self.foreign], "is not trusted"),
            ([], "is not trusted"),
            (["--tls-ca", self.ca, "--tls-server-name", "zk1"], "not for zk1"),
            (["--tls-ca", self.file("nowhere")], "No such file"),
        ):
            for words in (
                ["run", self.path, *TIMING, *WAIT, *options, "--", "true"],
                ["ls", self.path, *WAIT, *options],
            ):
                with self.subTest(words=words):
                    done = self.tool(*words, connect=self.tls)
                    self.assert_code(done, 78)
                    self.assertIn(text, done.err)

    def test_plain_port_is_no_way_out(self):
        """Any option of TLS is enough, whatever the connect string says."""
        done = self.tool("ls", self.path, *WAIT, "--tls-ca", self.ca)
        self.assert_code(done, 78)
        self.assertIn("without TLS", done.err)

    def test_config_file_counts_before_the_environment(self):
        config = self.put("config", f"# ours\nconnect = {self.tls}\ntls-ca = {self.ca}\n")
        done = self.run_tool("true", options=["--config", config], connect="127.0.0.1:1")
        self.assert_code(done, 0)
        broken = self.put("broken", "connect = x\nbudget = 1s\n")
        done = self.tool("ls", self.path, "--config", broken)
        self.assert_code(done, 64)
        self.assertIn("line 2", done.err)

    def test_credentials_keep_others_out(self):
        ours = self.put("auth", "digest shop:s3cret\n")
        held = self.start_run("sh", "-c", "echo held; exec sleep 60", options=["--auth-file", ours])
        held.line("^held$")
        self.assert_code(self.run_tool("true", options=WAIT), 77)
        wrong = self.run_tool(
            "true", options=[*WAIT, "--auth-env", "SECRET"], env={"SECRET": "digest shop:guess"}
        )
        self.assert_code(wrong, 77)
        listed = self.tool("ls", self.path, "--auth-env", "SECRET", env={"SECRET": "digest shop:s3cret"})
        self.assert_code(listed, 0)
        self.assertIn("held", listed.out)
        held.process.terminate()
        done = held.finish()
        for text in (done.err, listed.out, listed.err, wrong.err):
            self.assertNotIn("s3cret", text)
            self.assertNotIn("guess", text)

    def test_open_has_to_be_spelled_out(self):
        ours = self.put("auth", "digest shop:s3cret\n")
        options = ["--auth-file", ours, "--open-acl"]
        self.assert_code(self.run_tool("true", options=options), 0)
        self.assert_code(self.run_tool("true", options=WAIT), 0)

    def test_credentials_that_are_none(self):
        for text in ("s3cret\n", ""):
            done = self.tool("ls", self.path, "--auth-file", self.put("auth", text))
            self.assert_code(done, 64)
            self.assertNotIn("s3cret", done.err)


if __name__ == "__main__":
    harness.main()
