"""Bars that are no ratio: a figure and its limit, with their unit."""


def at_most(what, value, limit, unit=""):
    return {"what": what, "value": value, "limit": limit, "unit": unit, "is_met": value <= limit}


def at_least(what, value, limit, unit=""):
    return {"what": what, "value": value, "limit": limit, "unit": unit, "is_met": value >= limit}


def exactly(what, value, wanted, unit=""):
    return {"what": what, "value": value, "limit": wanted, "unit": unit, "is_met": value == wanted}


def show(bars):
    for of in bars:
        unit = f" {of['unit']}" if of["unit"] else ""
        verdict = "met" if of["is_met"] else "NOT MET"
        print(f"  {of['what']:54}{of['value']:>12,.5g}{unit}  (bar {of['limit']:,.5g}: {verdict})")


def draw(axis, bars):
    """Each as a share of what it may be."""
    axis.barh(
        [of["what"] for of in bars],
        [100 * of["value"] / of["limit"] for of in bars],
        color=["#0b6db3" if of["is_met"] else "#c2500a" for of in bars],
        height=0.5,
    )
    axis.axvline(100, color="black", linewidth=1, linestyle=":")
    axis.invert_yaxis()
    axis.set_xlabel("percent of the bar")
