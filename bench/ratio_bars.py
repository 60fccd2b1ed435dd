"""Bars that are ratios of what ran side by side, each with its limit."""

import figures as made


def at_most(what, rounds, base_rounds, limit):
    ratio = made.ratios(rounds, base_rounds)
    return {"what": what, "limit": limit, "is_met": ratio["median"] <= limit, **ratio}


def at_least(what, rounds, base_rounds, limit):
    ratio = made.ratios(rounds, base_rounds)
    return {"what": what, "limit": limit, "is_met": ratio["median"] >= limit, "is_least": True, **ratio}


def show(bars):
    for of in bars:
        verdict = "met" if of["is_met"] else "NOT MET"
        bound = "at least" if of.get("is_least") else "at most"
        print(
            f"  {of['what']:52}{of['median']:6.2f} x  (rounds {of['lowest']:.2f} to "
            f"{of['highest']:.2f}; bar {bound} {of['limit']:.2f}: {verdict})"
        )
