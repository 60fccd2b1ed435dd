"""SASL of the tool, on a real server that knows a user: from options, a file and the environment."""

import os
import shutil
import tempfile

import harness

WAIT = ["--wait", "1500ms"]
JAAS = """
Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_shop="s3cret";
};
"""


class Sasl(harness.ServerTest):
    config = ["authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"]

    @classmethod
    def setUpClass(cls):
        files = tempfile.mkdtemp(prefix="leasehold-sasl-")
        cls.addClassCleanup(shutil.rmtree, files, ignore_errors=True)
        jaas = os.path.join(files, "jaas")
        with open(jaas, "w", encoding="ascii") as out:
            out.write(JAAS)
        cls.jvm = [f"-Djava.security.auth.login.config={jaas}"]
        super().setUpClass()

    def put(self, name, text):
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.file(name)

    def options(self, password="s3cret"):
        file = self.put("password", password + "\n")
        return ["--sasl-mechanism", "digest-md5", "--sasl-user", "shop", "--sasl-password-file", file]

    def test_runs_and_keeps_others_out(self):
        held = self.start_run("sh", "-c", "echo held; exec sleep 60", options=self.options())
        held.line("^held$")
        self.assert_code(self.run_tool("true", options=WAIT), 77)
        self.assert_code(self.tool("ls", self.path, *self.options()), 0)
        held.process.terminate()
        self.assertNotIn("s3cret", held.finish().err)

    def test_wrong_password_runs_nothing(self):
        for words in (
            ["run", self.path, *harness.TIMING, *WAIT, *self.options("guess"), "--", "echo", "ran"],
            ["ls", self.path, *WAIT, *self.options("guess")],
        ):
            with self.subTest(words=words):
                done = self.tool(*words)
                self.assert_code(done, 77)
                self.assertIn("refuses our SASL credentials", done.err)
                self.assertNotIn("guess", done.err)
                self.assertEqual("", done.out)

    def test_config_file_and_environment(self):
        config = self.put(
            "config", "sasl-mechanism = digest-md5\nsasl-user = shop\nsasl-password-env = SECRET\n"
        )
        done = self.run_tool("echo", "done", options=["--config", config], env={"SECRET": "s3cret"})
        self.assert_code(done, 0)
        self.assertEqual("done\n", done.out)
        done = self.run_tool("true", options=["--config", config])
        self.assert_code(done, 77)
        self.assertIn("no environment variable SECRET", done.err)

    def test_missing_mechanism_is_named_with_its_package(self):
        """Cyrus looks for its mechanisms in SASL_PATH."""
        for options, package in (
            (self.options(), "libsasl2-modules "),
            (["--sasl-mechanism", "gssapi"], "libsasl2-modules-gssapi-mit"),
        ):
            done = self.tool("ls", self.path, *WAIT, *options, env={"SASL_PATH": self.directory})
            self.assert_code(done, 77)
            self.assertIn(package, done.err)

    def test_what_cannot_be_meant(self):
        for options in (
            ["--sasl-mechanism", "plain"],
            ["--sasl-mechanism", "digest-md5"],
            ["--sasl-user", "shop"],
            ["--sasl-mechanism", "gssapi", "--sasl-user", "shop"],
        ):
            with self.subTest(options=options):
                self.assert_code(self.tool("ls", self.path, *options), 64)


if __name__ == "__main__":
    harness.main()
