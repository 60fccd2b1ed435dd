#!/usr/bin/env python3
"""Projects that find an installed leasehold with find_package, build with it and take locks."""

import os
import re
import shutil

import harness
from harness import LIBDIR, InstallTest, run


class FindPackage(InstallTest):
    prefix = os.environ["LEASEHOLD_PREFIX"]  # installed once for all tests

    def consume(self, *arguments, prefix=None, project="consumer"):
        """Configures, builds and runs; what leasehold::leasehold was."""
        said = self.configure(project, f"-DCMAKE_PREFIX_PATH={prefix or self.prefix}", *arguments)
        self.build()
        for program in ("cpp_consumer", "c_consumer"):
            if os.path.exists(self.path("build", program)):
                self.assert_locks(self.path("build", program))
        kind = re.search(r"leasehold is leasehold::(\w+)", said)
        return kind and kind.group(1)

    def refusal(self, *arguments, prefix=None):
        """The text of find_package that failed, on one line."""
        said = self.configure(
            "consumer", f"-DCMAKE_PREFIX_PATH={prefix or self.prefix}", *arguments, expected=1
        )
        return re.sub(r"\s+", " ", said)

    def copy(self):
        """The prefix, somewhere else, as somebody who unpacked it there."""
        shutil.copytree(self.prefix, self.path("moved"), symlinks=True)
        return self.path("moved")

    def needed(self, program):
        return run("readelf", "--dynamic", self.path("build", program))

    def test_the_static_library(self):
        self.assertEqual("static", self.consume("-DWANTED=static"))
        self.assertNotIn("leasehold", self.needed("cpp_consumer").split("Library runpath")[0])

    def test_the_shared_library_in_a_prefix_that_was_moved(self):
        self.assertEqual("shared", self.consume("-DWANTED=shared", prefix=self.copy()))
        self.assertIn(f"libleasehold.so.{harness.SOVERSION}]", self.needed("cpp_consumer"))
        self.assertNotIn("leasehold::", self.needed("cpp_consumer"))

    def test_the_static_library_in_a_prefix_that_was_moved(self):
        self.consume("-DWANTED=static", prefix=self.copy())

    def test_a_project_in_c_alone(self):
        self.consume(project="consumer_c")

    def test_without_a_word_it_is_the_shared_one_and_then_what_the_variables_say(self):
        for arguments, kind in (
            ([], "shared"),
            (["-DBUILD_SHARED_LIBS=OFF"], "static"),
            (["-DBUILD_SHARED_LIBS=ON"], "shared"),
            (["-DBUILD_SHARED_LIBS=ON", "-Dleasehold_SHARED_LIBS=OFF"], "static"),
            (["-DBUILD_SHARED_LIBS=OFF", "-DWANTED=shared"], "shared"),
        ):
            with self.subTest(arguments=arguments):
                shutil.rmtree(self.path("build"), ignore_errors=True)
                said = self.configure(
                    "consumer", f"-DCMAKE_PREFIX_PATH={self.prefix}", *arguments
                )
                self.assertIn(f"leasehold is leasehold::{kind}\n", said)

    def test_where_the_shared_one_is_not_installed(self):
        prefix = self.copy()
        package = os.path.join(prefix, LIBDIR, "cmake", "leasehold")
        for name in os.listdir(package):
            if "shared" in name:
                os.unlink(os.path.join(package, name))
        said = self.refusal("-DWANTED=shared", prefix=prefix)
        self.assertIn("leasehold::shared is not installed in", said)
        shutil.rmtree(self.path("build"))
        said = self.configure(
            "consumer", f"-DCMAKE_PREFIX_PATH={prefix}", "-DBUILD_SHARED_LIBS=ON"
        )
        self.assertIn("leasehold is leasehold::static\n", said)

    def test_another_version_is_refused_with_the_one_there_is(self):
        major, minor, _ = harness.VERSION.split(".")
        for version in (f"{major}.{int(minor) + 1}", f"{major}.{int(minor) + 8}", "99.0"):
            with self.subTest(version=version):
                said = self.refusal(f"-DVERSION={version}")
                self.assertIn(f'requested version "{version}"', said)
                self.assertIn(f"leaseholdConfig.cmake, version: {harness.VERSION}", said)

    def test_an_unknown_component_is_refused_with_those_there_are(self):
        said = self.refusal("-DWANTED=python")
        self.assertIn("no component 'python'. There are: static, shared, testing", said)

    def test_static_and_shared_together_are_refused(self):
        self.assertIn("either static or shared", self.refusal("-DWANTED=static;shared"))

    def test_one_kind_and_later_the_other_is_refused(self):
        said = self.refusal("-DWANTED=static", "-DLATER=shared")
        self.assertIn("is the static library here already, and cannot be the shared one", said)

    def test_another_boost_is_refused_with_the_reason(self):
        boost = self.path("boost", "lib", "cmake", "Boost-1.99.0")
        os.makedirs(boost)
        with open(os.path.join(boost, "BoostConfig.cmake"), "w", encoding="utf-8"):
            pass
        with open(os.path.join(boost, "BoostConfigVersion.cmake"), "w", encoding="utf-8") as file:
            file.write('set(PACKAGE_VERSION "1.99.0")\n')
        said = self.refusal(
            f"-DBoost_DIR={boost}",
            f"-DCMAKE_MAKE_PROGRAM={shutil.which('ninja')}",
            "-DCMAKE_FIND_USE_CMAKE_SYSTEM_PATH=OFF",
            "-DCMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH=OFF",
        )
        self.assertRegex(said, r"leasehold was built with Boost [\d.]+, whose Asio is part of its C")
        self.assertIn("found: 1.99.0", said)

    def test_headers_refuse_another_boost_by_themselves(self):
        said = run(
            harness.CXX, "-std=c++20", "-fsyntax-only", "-DLEASEHOLD_BOOST_VERSION=109900",
            f"-I{self.prefix}/include", os.path.join(harness.HERE, "consumer", "consumer.cpp"),
            expected=1,
        )  # fmt: skip
        self.assertIn("leasehold was built with another version of Boost", said)

    def test_no_file_names_where_it_was_built_or_installed(self):
        places = (harness.BUILD, harness.SOURCE, self.prefix)
        found = []
        read = 0
        for directory, _, names in os.walk(self.prefix):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.islink(path) or name.endswith(".a") or ".so" in name:
                    continue
                if os.path.basename(directory) == "bin":
                    continue  # debug information, which packages are stripped of
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
                read += 1
                found += [(path, place) for place in places if place in text]
        self.assertEqual([], found)
        self.assertGreater(read, 20)


if __name__ == "__main__":
    harness.main()
