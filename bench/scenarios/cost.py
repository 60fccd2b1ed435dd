"""What an uncontended acquire and release costs in the client's process: instructions and allocations,
through both faces; and how long the destructor of a lock keeps its caller."""

import bars
import figures as made
import valgrind

TITLE = "Cost of acquire and release in the client"
FACES = ("coroutine", "blocking")
FEWER = 200
INSTRUCTIONS = 40_000
ALLOCATIONS = 12
DROP_US = 5.0
DROPS = 1000
SHOWN = 12


def run(rivals, is_quick, progress):
    more = FEWER + (500 if is_quick else 5000)
    faces = {}
    for face in FACES:
        commands = [(count, ("pairs", face, f"/bench-cost-{face}", count)) for count in (FEWER, more)]
        program = rivals.service_command(rivals.servers.hosts)
        progress(f"{face}, instructions")
        faces[face] = {"instructions": valgrind.instructions(program, *commands)}
        progress(f"{face}, allocations")
        faces[face]["allocations"] = valgrind.allocations(program, *commands)
    drop = made.summary(drops(rivals, 4 if is_quick else 20, progress))
    return {"faces": faces, "drop": drop, "bars": judge(faces, drop)}


def drops(rivals, rounds, progress):
    """Rounds of microseconds, after one to get warm."""
    service = rivals.service("leasehold", rivals.servers.hosts)
    try:
        measured = []
        for number in range(rounds + 1):
            progress(f"destructor, round {number} of {rounds}")
            measured.append(service.ask("drops", "/bench-cost-drop", DROPS)["drop"])
        return measured[1:]
    finally:
        service.stop()


def judge(faces, drop):
    found = []
    for face, of in faces.items():
        found.append(bars.at_most(f"instructions, {face}", of["instructions"]["all"], INSTRUCTIONS))
        found.append(bars.at_most(f"allocations, {face}", of["allocations"]["all"], ALLOCATIONS))
    for share in ("p50", "p99"):
        found.append(bars.at_most(f"~ScopedLock, {share}", drop[share], DROP_US, "us"))
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
        for count, name in counts[:SHOWN]:
            print(f"    {count:>9,.1f}  {valgrind.short(name)[:88]}")
    drop = figures["drop"]
    print(
        f"  ~ScopedLock: p50 {drop['p50']:.2f} us, p90 {drop['p90']:.2f}, p99 {drop['p99']:.2f}"
        f" of {drop['count']}"
    )
    bars.show(figures["bars"])


def profile(face):
    ours = [each for each in face["instructions"]["inclusive"] if each[1].startswith("leasehold::")]
    yield "instructions with what is called", ours
    yield "allocations", face["allocations"]["sites"]
