"""The scenarios. Each is a module with TITLE, run(rivals, is_quick, progress) -> figures, and
show(figures); figures["bars"] says what was to be met. It may have draw(axis, figures), if its picture is
not that of steps."""

from scenarios import handoff, languages, many, queue, tries, uncontended

ALL = {
    "uncontended": uncontended,
    "languages": languages,
    "many": many,
    "handoff": handoff,
    "queue": queue,
    "try": tries,
}
