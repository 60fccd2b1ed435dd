"""leasehold's log goes to logging, under the name "leasehold"."""

from __future__ import annotations

import logging
from typing import Any

from leasehold import _callbacks
from leasehold._leasehold import lib

logger = logging.getLogger("leasehold")

_LEVELS = {
    lib.LH_DEBUG: logging.DEBUG,
    lib.LH_INFO: logging.INFO,
    lib.LH_WARNING: logging.WARNING,
    lib.LH_ERROR: logging.ERROR,
}


def _write(level: int, event: str, fields: dict[str, str]) -> None:
    said = "".join(f" {name}={value}" for name, value in fields.items())
    logger.log(
        _LEVELS.get(level, logging.ERROR),
        "%s%s",
        event,
        said,
        extra={"leasehold_event": event, "leasehold_fields": fields},
    )


# One for all clients and for ever: it has to outlive them.
_NUMBER = _callbacks.register(_write)


def listen(options: Any) -> None:
    """Whether debug events are wanted is asked once, here: asking at each would take the GIL."""
    wants_debug = logger.isEnabledFor(logging.DEBUG)
    options.on_log = _callbacks.gate("log" if wants_debug else "log_without_debug")
    options.log_user = _callbacks.as_user(_NUMBER)
