"""The timeline of a chaos run, cut into strips of a minute, as rectangles for an SVG.

Lanes from above: the fault, the three servers, and each client, whose upper half is the first lock and
whose lower half the second.
"""

import dataclasses

STRIP_S = 60.0
WIDTH = 1000
LABELS = 86  # to the left of the lanes
LANE = 17
GAP = 3
AXIS = 16
LEAST_WIDTH = 0.7  # of what lasts a millisecond
LETTER = 5.3  # width
SERVERS = ("1", "2", "3")
CLIENTS = ("worker-1", "worker-2", "tool", "kazoo")
PATHS = ("/chaos/one", "/chaos/two")
LANES = ("kind", "fault", *(f"server {number}" for number in SERVERS), *CLIENTS)


@dataclasses.dataclass
class Box:
    x: float
    y: float
    width: float
    height: float
    kind: str  # a class of the style sheet
    title: str
    text: str = ""


@dataclasses.dataclass
class Strip:
    begin_s: float  # since the run's begin
    length_s: float
    boxes: list

    @property
    def ticks(self):
        """Where, and which second of the run."""
        return [
            (x_of(at), round(self.begin_s) + at) for at in range(0, int(self.length_s) + 1, 10)
        ]


def height():
    return len(LANES) * (LANE + GAP) + AXIS


def y_of(lane):
    return LANES.index(lane) * (LANE + GAP)


def x_of(seconds):
    return LABELS + seconds / STRIP_S * (WIDTH - LABELS)


class Painter:
    """Puts what happened from one boot time to another onto the strips that it touches."""

    def __init__(self, began, length_s):
        count = max(1, -int(-length_s // STRIP_S))
        self.began = began
        self.strips = [
            Strip(i * STRIP_S, min(STRIP_S, length_s - i * STRIP_S), []) for i in range(count)
        ]

    def paint(self, begin, end, y, tall, kind, title, text=""):
        begin, end = begin - self.began, end - self.began
        for strip in self.strips:
            since = max(begin, strip.begin_s) - strip.begin_s
            until = min(end, strip.begin_s + strip.length_s) - strip.begin_s
            if since > until or until < 0:
                continue
            width = max(LEAST_WIDTH, x_of(until) - x_of(since))
            strip.boxes.append(Box(x_of(since), y, width, tall, kind, title, text))


def strips(document):
    """Of a chaos run's document."""
    end = document["began"] + document["seconds"]
    faults = document["faults"]
    last = max((fault["served"] for fault in faults), default=end)
    painter = Painter(document["began"], min(document["seconds"], last - document["began"] + 5))
    paint_faults(painter, faults)
    paint_servers(painter, document["modes"], end)
    paint_clients(painter, document, end)
    return painter.strips


def label_of(kind, seconds):
    """As much of it as fits before the next fault."""
    letters = max(0, int(seconds / STRIP_S * (WIDTH - LABELS) / LETTER) - 1)
    return kind if len(kind) <= letters else kind[: max(0, letters - 1)] + "…"


def paint_faults(painter, faults):
    for index, fault in enumerate(faults):
        begin = fault["began"]
        after = faults[index + 1]["began"] if index + 1 < len(faults) else begin + STRIP_S
        end_of_strip = STRIP_S - (begin - painter.began) % STRIP_S
        label = label_of(fault["kind"], min(after - begin, end_of_strip))
        painter.paint(begin, begin, y_of("kind"), LANE, "label", "", label)
        title = f"{fault['kind']}: {fault['target']}"
        kind = "fault" if fault["is_applied"] else "fault unseen"
        y = y_of("fault")
        painter.paint(begin, fault["healed"], y, LANE, kind, title)
        painter.paint(
            fault["healed"], fault["served"], y, LANE, "healing", f"until all serve after: {title}"
        )


def paint_servers(painter, modes, end):
    for index, (at, now) in enumerate(modes):
        until = modes[index + 1][0] if index + 1 < len(modes) else end
        for number in SERVERS:
            mode = now.get(number, now.get(int(number)))
            title = f"server {number}: {mode or 'does not serve'}"
            painter.paint(at, until, y_of(f"server {number}"), LANE, mode or "down", title)


def paint_clients(painter, document, end):
    for client in CLIENTS:
        y = y_of(client)
        for begin, until in document["client_pauses"].get(client, ()):
            title = f"{client}: paused for {until - begin:.2f} s"
            painter.paint(begin, min(until, end), y, LANE, "paused", title)
        for at in document["client_kills"].get(client, ()):
            painter.paint(at, at + 0.15, y, LANE, "killed", f"{client}: killed")
    for hold in document["holds"]:
        if hold["client"] in CLIENTS and hold["path"] in PATHS:
            index = PATHS.index(hold["path"])
            kind = "foreign" if hold["is_foreign"] else f"hold path{index}"
            title = (
                f"{hold['client']} held {hold['path']} for"
                f" {1000 * (hold['end'] - hold['begin']):.0f} ms, token {hold['token']}"
            )
            half = LANE / 2
            painter.paint(
                hold["begin"], hold["end"], y_of(hold["client"]) + index * half, half, kind, title
            )
