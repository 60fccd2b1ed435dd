"""What an uncontended acquire and release costs in the client's process: instructions and allocations,
through both faces; and how long the destructor of a lock keeps its caller."""

import bars
import figures as made
import valgrind

TITLE = "Cost of acquire and release in the client"
ONCE = True
FACES = ("coroutine", "blocking")
FEWER = 200
INSTRUCTIONS = 40_000
ALLOCATIONS = 12
DROP_US = 5.0
DROPS = 1000
SHARES = ("p50", "p99")
SHOWN = 12
# Longer than what a string keeps inside itself, as paths in use are: "/p" would save 30 allocations.
PATH = "/bench-cost/orders/4711"


def run(rivals, is_quick, progress):
    more = FEWER + (500 if is_quick else 5000)
    faces = {}
    for face in FACES:
        commands = [(count, ("pairs", face, PATH, count)) for count in (FEWER, more)]
        program = rivals.service_command(rivals.servers.hosts)
        progress(f"{face}, instructions")
        faces[face] = {"instructions": valgrind.instructions(program, *commands)}
        progress(f"{face}, allocations")
        faces[face]["allocations"] = valgrind.allocations(program, *commands)
    dropped = destructors(rivals, 4 if is_quick else 20, progress)
    figures = {"faces": faces} | {
        name: {
            share: made.percentile_of_rounds([each[name] for each in dropped], int(share[1:]) / 100)
            for share in SHARES
        }
        for name in ("drop", "wake")
    }
    return figures | {"bars": judge(figures)}


def destructors(rivals, rounds, progress):
    """Rounds of microseconds, after one to get warm: of ~ScopedLock, and of what the system charges for
    waking the client's thread, which is most of it."""
    service = rivals.service("leasehold", rivals.servers.hosts)
    try:
        measured = []
        for number in range(rounds + 1):
            progress(f"destructor, round {number} of {rounds}")
            measured.append(service.ask("drops", PATH, DROPS) | service.ask("wakes", DROPS))
        return measured[1:]
    finally:
        service.stop()


def judge(figures):
    found = []
    for face, of in figures["faces"].items():
        found.append(bars.at_most(f"instructions, {face}", of["instructions"]["all"], INSTRUCTIONS))
        found.append(bars.at_most(f"allocations, {face}", of["allocations"]["all"], ALLOCATIONS))
    for share in SHARES:
        value = figures["drop"][share]["median"]
        found.append(bars.at_most(f"~ScopedLock, {share}", value, DROP_US, "us"))
    return found


def show(figures):
    for face, of in figures["faces"].items():
        counted, allocated = of["instructions"], of["allocations"]
        print(
            f"  {face}: {counted['all']:,.0f} instructions, {allocated['all']:.1f} allocations of "
            f"{allocated['bytes']:,.0f} bytes"
        )
        parts = ", ".join(
            f"{part} {count:,.0f}" for part, count in counted["parts"].items() if count >= 1
        )
        print(f"    instructions of: {parts}")
    for what, counts in profile(figures["faces"][FACES[0]]):
        print(f"  {what}, {FACES[0]}:")
        valgrind.show(counts, SHOWN)
    for name, what in (("drop", "~ScopedLock"), ("wake", "eventfd_write that wakes a thread")):
        of = figures[name]
        cells = ", ".join(
            f"{share} {of[share]['median']:.2f} ({of[share]['lowest']:.2f} to {of[share]['highest']:.2f})"
            for share in SHARES
        )
        print(f"  {what:34} us: {cells}")
    bars.show(figures["bars"])


def profile(face):
    ours = [each for each in face["instructions"]["inclusive"] if valgrind.is_ours(each[1])]
    yield "instructions with what is called", ours
    yield "allocations", face["allocations"]["sites"]


def draw(axis, figures):
    """What the instructions are of."""
    parts = list(figures["faces"][FACES[0]]["instructions"]["parts"])
    left = dict.fromkeys(FACES, 0.0)
    for number, part in enumerate(parts):
        counts = [
            figures["faces"][face]["instructions"]["parts"].get(part, 0) / 1000 for face in FACES
        ]
        colour = f"C{number % 10}"
        axis.barh(FACES, counts, left=list(left.values()), height=0.5, color=colour, label=part)
        left = {face: left[face] + count for face, count in zip(FACES, counts)}
    axis.axvline(INSTRUCTIONS / 1000, color="black", linewidth=1, linestyle=":")
    axis.set_xlabel("thousands of instructions of a pair; dotted: the bar")
    axis.legend(fontsize=6, loc="upper left", bbox_to_anchor=(1.0, 1.0))
