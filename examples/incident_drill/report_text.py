"""The sentences of a report, each made of the run's own figures."""

import math

import numpy

from report_run import CLIENTS, text

NOT_MEASURED = "not measured"
SHORT = {"naive": "naive", "sdk": "SDK"}
NARROW_SPACE = "\u202f"
FIXED_SPACE = "\u00a0"  # a number and its unit stay on one line


def seconds(value):
    if not math.isfinite(value):
        return NOT_MEASURED
    if value < 0.0995:
        return f"{value * 1000:.3g}{FIXED_SPACE}ms"
    digits = 2 if value < 0.995 else 1 if value < 99.5 else 0
    shown = f"{value:.{digits}f}"
    return f"{shown.removesuffix('.0') if value >= 9.95 else shown}{FIXED_SPACE}s"


def count(value):
    if not math.isfinite(value):
        return NOT_MEASURED
    return f"{value:,.0f}".replace(",", NARROW_SPACE)


def rate(value):
    if not math.isfinite(value):
        return NOT_MEASURED
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def remark(pattern, *shown):
    """The pattern with what is shown in it, or nothing if any of it was not measured."""
    return "" if NOT_MEASURED in shown else pattern.format(*shown)


def both(runs, figure_of, show):
    """ "naive 12, SDK 345": one figure of each client that ran."""
    shown = []
    for client in CLIENTS:
        if client in runs:
            shown.append(f"{SHORT[client]}{FIXED_SPACE}{show(figure_of(runs[client]))}")
    return ", ".join(shown) or NOT_MEASURED


def orders_done(run):
    return run.hot_done + run.cold_done


def verdict(runs):
    """One sentence that a manager can repeat."""
    naive, sdk = runs.get("naive"), runs.get("sdk")
    if naive is None and sdk is None:
        return "No client ran: there is nothing to compare."
    if naive is None or sdk is None:
        run, name = (sdk, "The SDK") if sdk else (naive, "The naive client")
        other = "naive client" if sdk else "SDK"
        return (
            f"{name} {did(run)}. "
            f"The {other} was not run: there is nothing to compare it with."
        )
    locked = "left the hot order locked for up to"
    if sdk.longest_block_s < naive.longest_block_s:
        locked = "never left it locked for longer than"
    return f"Under the same load the naive client {did(naive)}; the SDK {did(sdk, locked)}."


def did(run, locked="left the hot order locked for up to"):
    """What became of a run's orders; what was not measured is not passed over in silence."""
    done, parts = orders_done(run), []
    if math.isfinite(done):
        parts.append(f"finished {count(done)} orders")
    if math.isfinite(run.longest_block_s):
        parts.append(f"{locked} {seconds(run.longest_block_s)}")
    if not parts:
        return "ran, but neither its orders nor its locks were measured"
    missing = "" if len(parts) == 2 else " (the rest was not measured)"
    return " and ".join(parts) + missing


def stuck_mean(run, key):
    phase = run.stuck_phase
    values = run.one("orders", key).between(phase.from_s, phase.to_s)
    return float(values.mean()) if len(values) else math.nan


def last_value(series):
    known = series.values[numpy.isfinite(series.values)]
    return float(known[-1]) if len(known) else math.nan


def total(series):
    return float(numpy.nansum(series.values)) if series.is_measured else math.nan


def card_rows(runs):
    """The figures at the top: what, and one value per client."""
    clients = [run for run in (runs.get(client) for client in CLIENTS) if run]

    def row(what, show, figure_of):
        values = [(run.client, SHORT[run.client], show(figure_of(run))) for run in clients]
        return {"what": what, "values": values}

    return [
        row("hot orders finished", count, lambda run: run.hot_done),
        row("cold orders finished", count, lambda run: run.cold_done),
        row("longest block of the hot order", seconds, lambda run: run.longest_block_s),
        row("hot orders a second while calls hang", rate, lambda run: stuck_mean(run, "hot")),
    ]


VERDICTS = {True: ("met", "✓", "met"), False: ("missed", "✕", "missed")}
UNKNOWN = ("unknown", "–", NOT_MEASURED)


def score_rows(document):
    """The scorecard, ready to print; what is unknown says so."""
    rows = []
    for score in document.get("scorecard") or []:
        if not isinstance(score, dict):
            continue
        is_met = score.get("is_met")
        # Without a verdict but with a figure it is there to be known, and not to be kept.
        other = ("told", "–", "no bar") if text(score.get("sdk")) else UNKNOWN
        kind, sign, word = VERDICTS.get(is_met if isinstance(is_met, bool) else None, other)
        row = {key: text(score.get(key)) for key in ("name", "naive", "sdk", "bar", "note")}
        row["name"] = row["name"] or text(score.get("id"))
        rows.append(row | {"kind": kind, "sign": sign, "verdict": word})
    return rows


def score_summary(rows):
    """ "15 of 17 bars met, 1 missed, 1 not measured", and the kinds that it takes."""
    kinds = [row["kind"] for row in rows]
    met, missed, unknown = (kinds.count(kind) for kind in ("met", "missed", "unknown"))
    bars = met + missed + unknown
    if not bars:
        return "no bar was measured"
    parts = [f"{met} of {bars} bars met"]
    if missed:
        parts.append(f"{missed} missed")
    if unknown:
        parts.append(f"{unknown} not measured")
    return ", ".join(parts)
