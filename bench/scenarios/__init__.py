"""The scenarios. Each is a module with TITLE, run(rivals, is_quick, progress) -> figures, and
show(figures); figures["bars"] says what was to be met."""

from scenarios import budget, cost, held, languages, reconnect, uncontended

ALL = {
    "uncontended": uncontended,
    "languages": languages,
    "held": held,
    "budget": budget,
    "cost": cost,
    "reconnect": reconnect,
}
