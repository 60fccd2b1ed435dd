"""Something that is done again and again beside what is going on, from `with` to its end."""

import threading


class Repeating:
    """Calls `once` on a thread of its own, every `period_s`."""

    def __init__(self, period_s):
        self.period_s = period_s
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.repeat)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def repeat(self):
        while not self.over.wait(self.period_s):
            self.once()
