"""What the tool's own --help says it takes."""

import re

import harness

COMMANDS = ("run", "elect", "ls", "serve")


def options_of(command):
    """As they are typed, such as {"-h", "--help", "--wait"}; of no command: the tool's own."""
    words = [command] if command else []
    text = harness.run(harness.TOOL, *words, "--help")
    lines = re.findall(r"^  (-\S+(?:, ?-\S+)*)", text, re.MULTILINE)
    return {option for line in lines for option in re.split(r", ?", line)}


def takes_value(command, option):
    text = harness.run(harness.TOOL, command, "--help")
    return re.search(rf"^  (?:-\w,)?{option} (?!Excludes:)[A-Z]", text, re.MULTILINE) is not None


def defaults_of(command):
    """{option: its default}, of those that have one."""
    text = harness.run(harness.TOOL, command, "--help")
    found = re.findall(r"^  (--[\w-]+) [A-Z:]+=(for ever|\S+)", text, re.MULTILINE)
    return dict(found)
