"""The same through each language: acquire and awaited release."""

import rivals as who
from scenarios import serial

TITLE = "Uncontended acquire and release, through each language"
BARS = (
    ("pair", who.IN_PYTHON, who.BLOCKING, 1.30),
    ("pair", who.IN_JAVA, who.BLOCKING, 1.30),
)

show = serial.show


def run(rivals, is_quick, progress):
    measured = serial.measure(rivals.for_languages(), is_quick, progress)
    return serial.judge(measured, who.BLOCKING, BARS)
