"""Bars that are no ratio: a figure that may not exceed a limit, each with its unit."""


def at_most(what, value, limit, unit=""):
    return {"what": what, "value": value, "limit": limit, "unit": unit, "is_met": value <= limit}


def exactly(what, value, wanted, unit=""):
    return {"what": what, "value": value, "limit": wanted, "unit": unit, "is_met": value == wanted}


def show(bars):
    for of in bars:
        unit = f" {of['unit']}" if of["unit"] else ""
        verdict = "met" if of["is_met"] else "NOT MET"
        print(f"  {of['what']:54}{of['value']:>12,.5g}{unit}  (bar {of['limit']:,.5g}: {verdict})")
