"""From Python's values to C's: durations, strings, numbers. What cannot be right is refused here."""

from __future__ import annotations

import datetime
import math
from typing import Any, Union

from leasehold._errors import InvalidArgument

Duration = Union[float, int, datetime.timedelta]
"""Seconds, or a timedelta."""

LONGEST_MS = 2**63 - 1


def milliseconds(value: Duration, name: str) -> int:
    """Rounded up: a wait that is not zero must not become one that only tries."""
    if isinstance(value, bool) or not isinstance(value, (int, float, datetime.timedelta)):
        kind = type(value).__name__
        raise TypeError(f"{name} takes seconds or a timedelta, not {kind}")
    if isinstance(value, datetime.timedelta):
        # Whole microseconds, so that nothing is lost in a float.
        whole = -(-value // datetime.timedelta(milliseconds=1))
    elif isinstance(value, int):
        whole = value * 1000
    elif not math.isfinite(value):
        raise InvalidArgument(f"{name} is {value}; it takes a finite number of seconds")
    else:
        # 0.1 s is a little more than 100 ms in binary, and not meant as 101.
        whole = math.ceil(round(value * 1000, 6))
    if whole < 0:
        raise InvalidArgument(f"{name} is {value}; it cannot be negative")
    if whole > LONGEST_MS:
        raise InvalidArgument(f"{name} is {value}, which is more than a clock can count")
    return whole


def encoded(value: str, name: str) -> bytes:
    if not isinstance(value, str):
        raise TypeError(f"{name} takes a str, not {type(value).__name__}")
    if "\0" in value:
        raise InvalidArgument(f"{name} has a NUL in it")
    try:
        return value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise InvalidArgument(f"{name} is no text that UTF-8 can carry: {error.reason}") from None


def number(value: int, name: str, bits: int, is_signed: bool) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} takes an int, not {type(value).__name__}")
    least = -(2 ** (bits - 1)) if is_signed else 0
    most = 2 ** (bits - 1 if is_signed else bits) - 1
    if not least <= value <= most:
        raise InvalidArgument(f"{name} is {value}; it takes {least} to {most}")
    return value


def fraction(value: float, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} takes a number, not {type(value).__name__}")
    if not math.isfinite(value):
        raise InvalidArgument(f"{name} is {value}; it takes a finite number")
    return float(value)


def flag(value: bool, name: str) -> int:
    if not isinstance(value, bool):
        raise TypeError(f"{name} takes True or False, not {type(value).__name__}")
    return int(value)
