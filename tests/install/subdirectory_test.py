#!/usr/bin/env python3
"""A project that has leasehold as a subdirectory: it gets the library, and nothing that leaks."""

import json
import os
import re

import harness
from harness import InstallTest, run


class Subdirectory(InstallTest):
    # As deep in the tree as the build that this runs in: so the compiler's cache, which takes paths
    # relative to it, knows the whole SDK already.
    inside = harness.SOURCE

    def test_builds_locks_and_leaks_nothing(self):
        said = self.configure(
            "subdirectory",
            f"-DLEASEHOLD_SOURCE={harness.SOURCE}",
            "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
            "-DCMAKE_BUILD_TYPE=Debug",
            f"-DCMAKE_CXX_FLAGS_DEBUG={os.environ['LEASEHOLD_CXX_FLAGS_DEBUG']}",
            build=".",
        )
        targets = re.findall(r"target: (\S+)", said)
        self.assertIn("leasehold", targets)
        self.assertEqual([], [each for each in targets if not each.startswith("leasehold")])
        for name in ("leasehold_cli", "leasehold_shared", "leasehold_test_pch"):
            self.assertNotIn(name, targets)
        self.assertNotIn("test: ", said)

        with open(self.path("compile_commands.json"), encoding="utf-8") as file:
            commands = {os.path.basename(each["file"]): each["command"] for each in json.load(file)}
        for name in ("consumer.cpp", "consumer.c"):
            options = re.findall(r" (-[Wf]\S+)", commands[name])
            self.assertEqual([], options, f"options of ours in the command of {name}")

        self.build(".")
        for program in ("cpp_consumer", "c_consumer"):
            self.assert_locks(self.path(program))

        run("cmake", "--install", self.directory, "--prefix", self.path("prefix"))
        installed = [name for _, _, names in os.walk(self.path("prefix")) for name in names]
        self.assertEqual(["cpp_consumer"], installed)


if __name__ == "__main__":
    harness.main()
