"""Ten thousand locks, held by one session and left alone."""

import time

import bars
import tap
import valgrind

TITLE = "10 000 locks held by one session"
LOCKS = 10_000
BUDGET_MS = 40_000  # the largest round one that a session of a minute admits
REST_S = 30  # then they are extended: before the budget ends
QUICK_REST_S = 10
MINUTE_S = 60
PROFILED = (500, 1500)  # locks of two runs: the difference has no start-up in it
SHOWN = 10

BYTES_PER_LOCK = 1024
CPU_PERCENT = 1.0


def run(rivals, is_quick, progress):
    rest_s, rests = (QUICK_REST_S, 1) if is_quick else (REST_S, 2)
    with tap.Tap(rivals.servers.port) as wire:
        service = rivals.service("leasehold", wire.hosts)
        try:
            progress("takes")
            before = service.ask("usage")
            seconds = {"take": service.ask("take", "/bench-held", LOCKS, BUDGET_MS)["seconds"]}
            after = service.ask("usage")
            minute, seconds["extend"] = [], []
            for number in range(rests):
                progress(f"rests {rest_s} s, {number + 1} of {rests}")
                begin = service.ask("usage")
                seconds["extend"].append(service.ask("extend", BUDGET_MS)["seconds"])
                rest = service.ask("usage")
                time.sleep(rest_s)
                minute.append((begin, rest, service.ask("usage")))
            valid = service.ask("valid")["valid"]
            progress("releases")
            seconds["release"] = service.ask("release")["seconds"]
            left = service.ask("usage")
        finally:
            service.stop()
        pinging = sum(
            any(each.what == "ping" for each in tap.requests_of(one.sent)) for one in wire.wires()
        )
    figures = {
        "bytes_per_lock": {
            kind: {
                "held": (after[kind] - before[kind]) / LOCKS,
                "left": (left[kind] - before[kind]) / LOCKS,
            }
            for kind in ("allocated_bytes", "resident_bytes")
        },
        "rests": [used(rest, end) for _, rest, end in minute],
        "with_extensions": used(minute[0][0], minute[-1][-1]),
        "profile": profile(rivals, progress),
        "seconds": seconds,
        "valid": valid,
        "connections_with_pings": pinging,
    }
    return figures | {"bars": judge(figures, rivals.servers.tick_ms / 1e3)}


def profile(rivals, progress):
    """Which functions' memory is held for a lock."""
    progress("memory by function")
    program = rivals.service_command(rivals.servers.hosts)
    return valgrind.holdings(
        program, *((count, ("take", "/bench-held-profile", count, BUDGET_MS)) for count in PROFILED)
    )


def used(begin, end):
    """Between two looks at the process; the processor's time in percent of one core."""
    seconds = end["seconds"] - begin["seconds"]
    return {
        "seconds": seconds,
        "cpu_percent": 100 * (end["cpu_seconds"] - begin["cpu_seconds"]) / seconds,
        "pings": end["pings"] - begin["pings"],
        "requests": end["requests"] - begin["requests"],
    }


def most_pings(rests, tick_s):
    """One stream writes one each half tick, and may begin with one."""
    return sum(int(rest["seconds"] / (tick_s / 2)) + 1 for rest in rests)


def judge(figures, tick_s):
    rests = figures["rests"]
    return [
        *(
            bars.at_most(f"bytes per lock, {kind.split('_')[0]}", of["held"], BYTES_PER_LOCK, "B")
            for kind, of in figures["bytes_per_lock"].items()
        ),
        bars.at_most(
            "CPU at rest, of one core", max(rest["cpu_percent"] for rest in rests), CPU_PERCENT, "%"
        ),
        bars.at_most("pings at rest", sum(rest["pings"] for rest in rests), most_pings(rests, tick_s)),
        # Only over a minute: the extensions would weigh more in a shorter time than they do in use.
        *(
            bars.at_most("CPU with extensions, of one core", each["cpu_percent"], CPU_PERCENT, "%")
            for each in [figures["with_extensions"]]
            if each["seconds"] >= MINUTE_S
        ),
        bars.exactly("connections with pings", figures["connections_with_pings"], 1),
        bars.exactly("other requests at rest", sum(rest["requests"] for rest in rests), 0),
        bars.exactly("locks that are valid in the end", figures["valid"], LOCKS),
    ]


def show(figures):
    seconds = figures["seconds"]
    extensions = ", ".join(f"{each:.2f}" for each in seconds["extend"])
    print(
        f"  taken in {seconds['take']:.2f} s, all extended in {extensions} s, "
        f"released in {seconds['release']:.2f} s"
    )
    for kind, of in figures["bytes_per_lock"].items():
        print(
            f"  {kind.split('_')[0]} per lock: {of['held']:,.0f} bytes held, {of['left']:,.0f} "
            "after the release"
        )
    of = figures["profile"]
    print(f"  asked of malloc per lock: {of['bytes']:,.0f} bytes in {of['blocks']:.1f} blocks; most by")
    valgrind.show(of["sites"], SHOWN)
    for rest in figures["rests"]:
        print(
            f"  at rest for {rest['seconds']:.1f} s: {rest['cpu_percent']:.3f} % of a core, "
            f"{rest['pings']} pings, {rest['requests']} other requests"
        )
    whole = figures["with_extensions"]
    print(
        f"  with extensions, {whole['seconds']:.1f} s: {whole['cpu_percent']:.3f} % of a core, "
        f"{whole['pings']} pings, {whole['requests']} other requests"
    )
    bars.show(figures["bars"])


def draw(axis, figures):
    kinds = figures["bytes_per_lock"]
    axis.barh(
        [kind.replace("_", " ") for kind in kinds],
        [of["held"] for of in kinds.values()],
        color="#0b6db3",
        height=0.5,
    )
    axis.axvline(BYTES_PER_LOCK, color="black", linewidth=1, linestyle=":")
    axis.set_xlabel("per held lock; dotted: the bar")
