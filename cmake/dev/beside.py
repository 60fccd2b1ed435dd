"""What goes on beside the rest, on a thread of its own, from `with` to its end."""

import threading


class Beside:
    """Does `work` on a thread of its own; once `over` is set it is to end."""

    def __init__(self):
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.work)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Repeating(Beside):
    """Calls `once` every `period_s`."""

    def __init__(self, period_s):
        super().__init__()
        self.period_s = period_s

    def work(self):
        while not self.over.wait(self.period_s):
            self.once()
