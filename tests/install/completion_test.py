#!/usr/bin/env python3
"""Completion in bash, zsh and fish offers the commands and options of --help, in the shells themselves."""

import os
import re
import shutil
import unittest

import harness
from harness import InstallTest, run
from tool_help import COMMANDS, options_of, takes_value

SHARE = os.path.join(os.environ["LEASEHOLD_PREFIX"], "share")
NAMINGS = {"curator", "curator-rw", "kazoo"}

BASH = """
source "$1"
shift
[[ $(complete -p leasehold) == "complete -F _leasehold leasehold" ]] || exit 9
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_leasehold
printf '%s\\n' "${COMPREPLY[@]}"
"""

# An interactive zsh on a terminal of its own, in which somebody presses Tab. What it is offered goes
# through compadd, which here writes it down before it does what it always does.
ZSH = r"""
zmodload zsh/zpty
zpty typist zsh -f -i
zpty -w typist "stty -echo; PS1=; fpath=($1 \$fpath); autoload -Uz compinit; compinit -u -D
compadd() {
    if ! (( \${@[(I)-[OAD]]} )); then
        local -a offered
        builtin compadd -A offered \"\$@\"
        print -rl -- \$offered >>$2
    fi
    builtin compadd \"\$@\"
}
finish() { print THE-\${:-END} }
zle -N finish
bindkey '^X' finish"
zpty -w -n typist "$3"$'\t\x18'
zpty -r -m typist seen '*THE-END*'
zpty -d typist
"""


class Completion:
    """The cases, for each shell; words are what has been typed, the last one is to be completed."""

    def offered(self, *words):
        raise NotImplementedError

    def test_commands(self):
        offered = self.offered("leasehold", "")
        self.assertEqual(set(COMMANDS), {each for each in offered if not each.startswith("-")})
        wanted = {each for each in options_of("") if each.startswith("--")}
        self.assertEqual(set(), wanted - self.offered("leasehold", "--"))

    def test_options_of_each_command(self):
        for command in COMMANDS:
            with self.subTest(command):
                wanted = {each for each in options_of(command) if each.startswith("--")}
                path = [] if command == "serve" else ["/path"]
                offered = self.offered("leasehold", command, *path, "--")
                self.assertEqual(wanted, {each for each in offered if re.match(r"--\w", each)})

    def test_namings(self):
        for command in ("run", "elect"):
            self.assertEqual(NAMINGS, self.offered("leasehold", command, "/path", "--naming", ""))

    def test_options_are_not_offered_behind_the_separator(self):
        offered = self.offered("leasehold", "run", "/path", "--", "true", "--")
        self.assertEqual(set(), {each for each in offered if each.startswith("--")})


class Bash(Completion, InstallTest):
    def offered(self, *words):
        file = os.path.join(SHARE, "bash-completion", "completions", "leasehold")
        said = run("bash", "--norc", "-c", BASH, "bash", file, *words, cwd=self.directory)
        return set(said.split())

    def test_a_beginning_is_completed(self):
        self.assertEqual({"elect"}, self.offered("leasehold", "e"))
        self.assertEqual({"--budget"}, self.offered("leasehold", "run", "--bu"))

    def test_a_value_is_not_taken_for_an_option(self):
        for command in COMMANDS:
            for option in options_of(command) - {"-h", "--help"}:
                with self.subTest(command=command, option=option):
                    offered = self.offered("leasehold", command, option, "")
                    options = {each for each in offered if each.startswith("-")}
                    self.assertEqual(takes_value(command, option), not options)

    def test_the_command_behind_the_separator_is_completed(self):
        with open(self.path("some_file"), "w", encoding="utf-8"):
            pass
        self.assertIn("true", self.offered("leasehold", "run", "/path", "--", "tru"))
        behind = self.offered("leasehold", "run", "/path", "--", "cat", "some_")
        self.assertEqual({"some_file"}, behind)


@unittest.skipUnless(shutil.which("zsh"), "needs zsh")
class Zsh(Completion, InstallTest):
    def offered(self, *words):
        functions = os.path.join(SHARE, "zsh", "site-functions")
        written = self.path("offered")
        with open(written, "w", encoding="utf-8"):
            pass
        run(
            "timeout", "60", "zsh", "-f", "-c", ZSH, "zsh", functions, written, " ".join(words),
            cwd=self.directory, HOME=self.directory, ZDOTDIR=self.directory,
        )  # fmt: skip
        with open(written, encoding="utf-8") as file:
            return set(file.read().split())

    def test_the_command_behind_the_separator_is_completed(self):
        with open(self.path("some_file"), "w", encoding="utf-8"):
            pass
        behind = self.offered("leasehold", "run", "/path", "--", "cat", "some_")
        self.assertEqual({"some_file"}, behind)


@unittest.skipUnless(shutil.which("fish"), "needs fish")
class Fish(Completion, InstallTest):
    def offered(self, *words):
        file = os.path.join(SHARE, "fish", "vendor_completions.d", "leasehold.fish")
        said = run(
            "fish", "--no-config", "-c", f"source {file}; complete -C '{' '.join(words)}'",
            cwd=self.directory, HOME=self.directory, XDG_CONFIG_HOME=self.directory,
        )  # fmt: skip
        return {line.partition("\t")[0] for line in said.splitlines()}

    def test_a_value_is_not_taken_for_an_option(self):
        self.assertEqual(set(), self.offered("leasehold", "run", "/path", "--budget", ""))


if __name__ == "__main__":
    harness.main()
