"""The scenarios. Each is a module with TITLE, run(rivals, is_quick, progress) -> figures, and
show(figures); figures["bars"] says what was to be met."""

from scenarios import languages, uncontended

ALL = {"uncontended": uncontended, "languages": languages}
