"""The scenarios. Each is a module with TITLE, run(rivals, is_quick, progress) -> figures, and
show(figures); figures["bars"] says what was to be met. It may have ONCE: the servers make no difference,
and it is measured with the first only; and draw(axis, figures), if its picture is not that of steps."""

from scenarios import (
    budget,
    cost,
    handoff,
    held,
    inprocess,
    languages,
    many,
    queue,
    reconnect,
    size,
    tries,
    uncontended,
)

ALL = {
    "uncontended": uncontended,
    "languages": languages,
    "many": many,
    "handoff": handoff,
    "queue": queue,
    "try": tries,
    "held": held,
    "inprocess": inprocess,
    "budget": budget,
    "cost": cost,
    "reconnect": reconnect,
    "size": size,
}
