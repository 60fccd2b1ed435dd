#!/usr/bin/env python3
"""The Debian packages and the archive that cpack makes: unpacked into a directory, and used there.
Nothing is installed in the system."""

import glob
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import harness
from harness import LIBDIR, SOVERSION, VERSION, run

NAMES = {
    "library": f"libleasehold{SOVERSION}",
    "servers": f"libleasehold-testing{SOVERSION}",
    "development": "libleasehold-dev",
    "tools": "leasehold-tools",
}


@unittest.skipUnless(shutil.which("dpkg-shlibdeps"), "needs dpkg-dev")
class Packages(harness.InstallTest):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="leasehold-packages-")
        cls.addClassCleanup(directory.cleanup)
        config = os.path.join(harness.BUILD, "CPackConfig.cmake")
        run("cpack", "-G", "DEB;TGZ", "--config", config, "-B", directory.name)
        cls.debs = {
            os.path.basename(path).partition("_")[0]: path
            for path in glob.glob(os.path.join(directory.name, "*.deb"))
        }
        (cls.archive,) = glob.glob(os.path.join(directory.name, "*.tar.gz"))
        cls.root = os.path.join(directory.name, "root")
        for path in cls.debs.values():
            run("dpkg-deb", "-x", path, cls.root)
        cls.prefix = os.path.join(cls.root, "usr")

    def field(self, package, name):
        return run("dpkg-deb", "-f", self.debs[package], name).strip()

    def contents(self, package):
        """Its files, without directories."""
        listed = run("dpkg-deb", "-c", self.debs[package]).splitlines()
        return {re.sub(r" -> .*", "", line.split(None, 5)[5]) for line in listed if line[0] != "d"}

    def test_names_and_dependencies(self):
        self.assertEqual(set(NAMES.values()), set(self.debs))
        same = f"(= {VERSION}-1)"
        for name in NAMES.values():
            self.assertEqual(f"{VERSION}-1", self.field(name, "Version"))
        library = self.field(NAMES["library"], "Depends")
        for needed in ("libc6 (>=", "libstdc++6 (>=", "libprotobuf-lite", "libssl3"):
            self.assertIn(needed, library)
        self.assertIn(f"{NAMES['library']} {same}", self.field(NAMES["servers"], "Depends"))
        development = self.field(NAMES["development"], "Depends")
        self.assertIn(f"{NAMES['library']} {same}", development)
        self.assertRegex(development, r"libboost[\d.]+-dev")
        self.assertNotIn("libleasehold", self.field(NAMES["tools"], "Depends"))

    def test_each_file_is_in_one_package_and_where_debian_has_it(self):
        seen = set()
        for name in NAMES.values():
            contents = self.contents(name)
            self.assertEqual(set(), contents & seen)
            seen |= contents
            for file in ("copyright", "changelog.Debian.gz"):
                self.assertIn(f"./usr/share/doc/{name}/{file}", contents)
        library = f"./usr/{LIBDIR}/libleasehold.so"
        self.assertIn(f"{library}.{SOVERSION}", self.contents(NAMES["library"]))
        self.assertIn(library, self.contents(NAMES["development"]))
        self.assertIn("./usr/bin/leasehold", self.contents(NAMES["tools"]))
        self.assertIn("./usr/share/man/man1/leasehold-run.1.gz", self.contents(NAMES["tools"]))

    def test_programs_are_stripped_and_the_library_is_small(self):
        for path in (f"{LIBDIR}/libleasehold.so.{SOVERSION}", "bin/leasehold"):
            path = os.path.realpath(os.path.join(self.prefix, path))
            self.assertNotIn(".debug_info", run("readelf", "--sections", "--wide", path))
            self.assertLess(os.path.getsize(path), 4 << 20)

    def test_a_program_is_built_with_them_and_locks(self):
        self.configure("consumer", f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DWANTED=shared")
        self.build()
        self.assert_locks(self.path("build", "cpp_consumer"))

    def test_the_tool_locks_on_its_own_server(self):
        tool = os.path.join(self.prefix, "bin", "leasehold")
        server = subprocess.Popen(
            [tool, "serve", "--listen", "127.0.0.1:0", "--tick", "200ms"],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            hosts = ""
            for line in server.stdout:
                if line.startswith("connect string: "):
                    hosts = line.split()[-1]
                    break
            said = run(
                tool, "run", "/packages", "--connect", hosts, "--standalone", "--wait", "30s",
                "--", "sh", "-c", "echo token $LEASEHOLD_TOKEN",
            )  # fmt: skip
            self.assertRegex(said, r"^token [1-9]\d*\n$")
        finally:
            server.terminate()
            server.communicate()

    def test_the_archive_may_be_unpacked_anywhere(self):
        run("tar", "-xzf", self.archive, "-C", self.directory)
        (prefix,) = glob.glob(self.path("leasehold-*"))
        self.assertIn("LICENSE", os.listdir(os.path.join(prefix, "share", "doc", "leasehold")))
        libraries = os.path.join(prefix, LIBDIR)
        flags = run(
            "pkg-config", "--cflags", "--libs", "leasehold-testing",
            PKG_CONFIG_PATH=os.path.join(libraries, "pkgconfig"),
        ).split()  # fmt: skip
        source = os.path.join(harness.HERE, "consumer", "consumer.c")
        run(harness.CC, source, "-o", self.path("consumer"), *flags)
        self.assert_locks(self.path("consumer"), LD_LIBRARY_PATH=libraries)


if __name__ == "__main__":
    harness.main()
