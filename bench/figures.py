"""What is made of measurements: medians, spread, and ratios of those that were made side by side."""

import statistics


def percentile(values, share):
    """The value that `share` (0 to 1) of the others do not exceed; linear between two of them."""
    ordered = sorted(values)
    if not ordered:
        raise ValueError("nothing was measured")
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def summary(rounds):
    """Of all values of all rounds."""
    values = [value for each in rounds for value in each]
    return {
        "p10": percentile(values, 0.10),
        "p50": percentile(values, 0.50),
        "p90": percentile(values, 0.90),
        "p99": percentile(values, 0.99),
        "count": len(values),
    }


def percentile_of_rounds(rounds, share):
    """That of each round; the median of them is the figure, since what disturbs the machine in one round
    is not what is measured. The lowest and the highest say how far to trust it."""
    each = [percentile(values, share) for values in rounds]
    return {"median": percentile(each, 0.5), "lowest": min(each), "highest": max(each)}


def ratios(rounds, base_rounds):
    """The ratio of the medians, round by round: what disturbs the machine disturbs both of a round.
    The median of them is the figure; the lowest and the highest say how far to trust it."""
    if len(rounds) != len(base_rounds):
        raise ValueError("both have to be measured in the same rounds")
    pairs = [
        statistics.median(ours) / statistics.median(base) for ours, base in zip(rounds, base_rounds)
    ]
    return {"median": statistics.median(pairs), "lowest": min(pairs), "highest": max(pairs), "pairs": pairs}
