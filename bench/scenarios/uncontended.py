"""One lock that nobody else wants, taken and released, one after the other."""

import rivals as who
from scenarios import serial

TITLE = "Uncontended acquire and release"
BARS = (
    ("acquire", who.COROUTINE, who.FLOOR, 1.15),
    ("acquire", who.BLOCKING, who.FLOOR, 1.40),
    ("acquire", who.BLOCKING, who.CURATOR, 0.65),
    ("acquire", who.BLOCKING, who.KAZOO, 0.30),
    ("release", who.COROUTINE, who.FLOOR, 1.10),
)

show = serial.show


def run(rivals, is_quick, progress):
    measured = serial.measure(rivals.for_locks(), is_quick, progress)
    return serial.judge(measured, who.FLOOR, BARS)
