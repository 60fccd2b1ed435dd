#!/usr/bin/env python3
"""Programs that are compiled by hand with what pkg-config says, and take locks."""

import os
import shutil

import harness
from harness import HERE, LIBDIR, InstallTest, run


class PkgConfig(InstallTest):
    prefix = os.environ["LEASEHOLD_PREFIX"]

    def flags(self, *arguments, prefix=None):
        directory = os.path.join(prefix or self.prefix, LIBDIR, "pkgconfig")
        return run("pkg-config", *arguments, PKG_CONFIG_PATH=directory).split()

    def compile(self, language, *arguments, static=False, prefix=None):
        compiler, standard = {
            "c": (harness.CC, "-std=c99"),
            "cpp": (harness.CXX, "-std=c++20"),
        }[language]
        asked = ["--static"] if static else []
        flags = self.flags(*asked, "--cflags", "--libs", "leasehold-testing", prefix=prefix)
        # Of the system's libraries' own doing are the warnings of a static link; they are no errors.
        source = os.path.join(HERE, "consumer", f"consumer.{language}")
        run(compiler, standard, source, "-o", self.path(language), *flags, *arguments)
        return self.path(language)

    def test_dynamic_in_a_prefix_that_was_moved(self):
        prefix = self.path("moved")
        shutil.copytree(self.prefix, prefix, symlinks=True)
        libraries = os.path.join(prefix, LIBDIR)
        for language in ("c", "cpp"):
            with self.subTest(language):
                program = self.compile(language, prefix=prefix)
                self.assert_locks(program, LD_LIBRARY_PATH=libraries)
                said = run("ldd", program, LD_LIBRARY_PATH=libraries)
                self.assertIn(os.path.join(libraries, "libleasehold.so"), said)

    def test_static_to_the_last_library(self):
        for language in ("c", "cpp"):
            with self.subTest(language):
                program = self.compile(language, "-static", static=True)
                self.assert_locks(program)
                self.assertIn("not a dynamic executable", run("ldd", program, expected=1))

    def test_loaded_and_let_go_of_while_a_lock_is_held(self):
        source = os.path.join(HERE, "consumer", "plugin.c")
        flags = self.flags("--cflags", "leasehold-testing")
        run(harness.CC, "-std=c99", source, "-o", self.path("plugin"), *flags)
        libraries = os.path.join(self.prefix, LIBDIR)
        names = [f"lib{each}.so.{harness.SOVERSION}" for each in ("leasehold", "leasehold_testing")]
        needed = run("readelf", "--dynamic", self.path("plugin"))
        self.assertNotIn("libleasehold", needed)
        self.assert_locks(
            self.path("plugin"),
            *(os.path.join(libraries, each) for each in names),
            LD_LIBRARY_PATH=libraries,
        )

    def test_a_program_without_servers_for_tests_does_not_link_them(self):
        flags = self.flags("--static", "--libs", "leasehold")
        self.assertIn("-lleasehold", flags)
        self.assertEqual([], [each for each in flags if "testing" in each])

    def test_it_says_its_version(self):
        self.assertEqual([harness.VERSION], self.flags("--modversion", "leasehold"))


if __name__ == "__main__":
    harness.main()
