"""Contestants: processes that carry out one command after the other, and answer each with a line of
JSON. They live as long as the contest, so that sessions are open and just-in-time compilers warm, and
take turns: A B C A B C ..."""

import json
import os
import select
import subprocess

READY_S = 60
ANSWER_S = 300


class Failed(Exception):
    """A contestant has no figure; says why."""


class Contestant:
    def __init__(self, name, command, environment=None):
        self.name = name
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | (environment or {}),
        )
        try:
            if self._line(READY_S) != "ready":
                raise Failed(f"{name}: it is not ready: {self._complaint()}")
        except BaseException:
            self.stop()
            raise

    def ask(self, *words):
        self.tell(*words)
        return self.answer()

    def tell(self, *words):
        """Gives a command whose answer is taken later: so several work at the same time."""
        try:
            self.process.stdin.write(" ".join(map(str, words)) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"{self.name}: {self._complaint()}") from None

    def answer(self):
        line = self._line(ANSWER_S)
        if not line:
            raise Failed(f"{self.name}: {self._complaint()}")
        return json.loads(line)

    def stop(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()

    def _line(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        return self.process.stdout.readline().strip() if ready else ""

    def _complaint(self):
        self.process.kill()
        said = self.process.stderr.read().strip()
        return said.splitlines()[-1] if said else "it says nothing"


def take_turns(contestants, rounds, turn, progress):
    """{name: [what turn(contestant) answered, round by round]}"""
    answers = {each.name: [] for each in contestants}
    for number in range(rounds):
        for each in contestants:
            progress(number, each.name)
            answers[each.name].append(turn(each))
    return answers
