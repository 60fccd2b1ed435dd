"""'leasehold serve' while a test runs, and what its clients connect to."""

import re

import harness


class Served:
    """Serves on free ports; `connect` is its connect string."""

    def __init__(self, test, *arguments):
        self.tool = test.start("serve", "--listen", "127.0.0.1:0", *arguments, connect="")
        self.connect = self.tool.line(r"^connect string: (\S+)$").group(1)
        self.ports = [int(port) for port in re.findall(r":(\d+)", self.connect)]

    def stop(self):
        self.tool.send(harness.signal.SIGTERM)
        return self.tool.finish()
