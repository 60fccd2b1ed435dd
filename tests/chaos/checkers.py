"""Whether what was written down in a chaos run is what was promised. Functions of the history alone.

A history is a list of lines, each a dict with "kind" and "t" (seconds of the boot clock, which all
processes share). What is broken comes back as a list of findings, each with a text.
"""

import bisect
import collections
import dataclasses
import re
import typing

TOKENS_PER_NODE = 64
LOST_S = 5.0  # who is first in the queue, and undisturbed, for so long was not woken
SEQUENCE = re.compile(r"([0-9]{10})$")
FOREIGN = "__lock__"  # in the names of kazoo's nodes


@dataclasses.dataclass
class Hold:
    """One grant; and how long valid() is known to have said yes, or would have said it."""

    client: str
    pid: int
    path: str
    token: int
    node: str
    begin: float
    end: float
    is_foreign: bool

    def __str__(self):
        return f"{self.client} ({self.pid}) at {self.begin:.3f} to {self.end:.3f}, {self.token}"


# What holds_in() looks at.
KINDS_OF_HOLDS = ("grant", "end", "killed", "refused", "register", "over")


def holds_in(lines):
    """In the order of their begins. Grants that were over before they were looked at are none."""
    ends, killed = {}, {}
    ended_by_tool = commands_ended(lines)
    is_over = any(line["kind"] == "over" for line in lines)
    for line in lines:
        if line["kind"] == "end":
            ends[line["pid"], line["path"], line["token"]] = line
        elif line["kind"] == "killed":
            killed[line["pid"]] = line["t"]
    holds = []
    for line in lines:
        if line["kind"] != "grant" or line["is_valid"] is False:
            continue
        end = ends.get((line["pid"], line["path"], line["token"]))
        is_foreign = bool(line.get("is_foreign"))
        deadline = line["t"] if is_foreign else line["deadline"]
        if end and is_foreign:
            until = end["t"]
        elif end:
            until = end["valid_until"]
            # It ended while it was held, and its holder may have been paused. One that was told to
            # stop (by the tool, before the end of the lease) had its end then.
            if not end["is_valid"] and not end.get("is_stopped"):
                until = max(until, deadline)
        elif (line["pid"], line["path"], line["token"]) in ended_by_tool:
            until = ended_by_tool[line["pid"], line["path"], line["token"]]
        elif line["pid"] in killed:
            until = min(killed[line["pid"]], deadline)
        else:  # in a history that is not complete yet, its end may only not have come
            until = deadline if is_over else line["t"]
        holds.append(
            Hold(
                line["client"], line["pid"], line["path"], line["token"], line.get("node") or "",
                line["t"], max(until, line["t"]), is_foreign,
            )  # fmt: skip
        )
    holds.sort(key=lambda hold: hold.begin)
    return holds


def commands_ended(lines):
    """(pid, path, token) of the tool's holds whose command was ended before it could tell its end,
    and when it gave its last sign of life. The tool lets go of the lock only when it is gone."""
    holding, found = {}, {}
    for line in lines:
        if line["kind"] == "grant":
            holding[line["client"]] = line, line["t"]
        elif line["kind"] == "end":
            holding.pop(line["client"], None)
        elif line["kind"] == "register" and line["client"] in holding:
            holding[line["client"]] = holding[line["client"]][0], line["t"]
        elif line["kind"] == "refused" and "code" in line and line["client"] in holding:
            grant, last_sign = holding.pop(line["client"])
            found[grant["pid"], grant["path"], grant["token"]] = last_sign
    return found


def by_path(holds):
    found = collections.defaultdict(list)
    for hold in holds:
        found[hold.path].append(hold)
    return found


def overlaps(holds):
    """Pairs of holds of one path that were valid at the same time."""
    found = []
    for each in by_path(holds).values():
        latest = None
        for hold in each:
            if latest and hold.begin < latest.end:
                found.append((latest, hold))
            if latest is None or hold.end > latest.end:
                latest = hold
    return found


def tokens_out_of_order(holds):
    """Pairs of successive holds whose second has no larger token."""
    return [
        (before, after)
        for each in by_path(holds).values()
        for before, after in zip(each, each[1:])
        if after.token <= before.token
    ]


def sequence_of(name):
    found = SEQUENCE.search(name)
    return int(found.group(1)) if found else None


def overtakings(holds):
    """Pairs of successive holds whose second stood before the first in the queue."""
    found = []
    for each in by_path(holds).values():
        numbered = [hold for hold in each if sequence_of(hold.node) is not None]
        found += [
            (before, after)
            for before, after in zip(numbered, numbered[1:])
            if sequence_of(after.node) < sequence_of(before.node)
        ]
    return found


# --- the registers -------------------------------------------------------------------------------


def lost_updates(lines, is_fenced):
    """Writes that went out from a version which was no longer the newest.

    The register is one process and carries out one operation after the other: its history is
    sequential, so reading and writing under a lock is linearizable exactly if each write goes out from
    the version that the one before it made. Of the fenced one only what it accepted counts.
    """
    versions = collections.defaultdict(int)
    found = []
    for line in lines:
        if line["op"] != "write" or (is_fenced and line["is_stale"]):
            continue
        based_on = line["based_on"][0 if is_fenced else 1]
        if is_fenced and based_on < 0:
            continue  # its read was refused
        if based_on != versions[line["path"]]:
            found.append(line)
        versions[line["path"]] += 1
    return found


def wrongly_accepted(lines):
    """Operations that the fenced register took with a token older than one it had seen."""
    newest = collections.defaultdict(int)
    found = []
    for line in lines:
        if line["is_stale"]:
            continue
        if line["token"] < newest[line["path"]]:
            found.append(line)
        newest[line["path"]] = max(newest[line["path"]], line["token"])
    return found


# --- who waits, and for how long -----------------------------------------------------------------


@dataclasses.dataclass
class Headship:
    """A node's time as the first in its queue."""

    path: str
    name: str
    since: float
    until: float


def headships(lines):
    """From an observer's looks at the queues, of leasehold's nodes only."""
    heads = {}
    found = []
    for line in lines:
        if line["kind"] != "queue":
            continue
        numbered = [(sequence_of(name), name) for name in line["names"]]
        numbered = [each for each in numbered if each[0] is not None]
        first = min(numbered)[1] if numbered else None
        current = heads.get(line["path"])
        if current and current.name == first:
            continue
        if current:
            current.until = line["t"]
            found.append(current)
        heads[line["path"]] = first and Headship(line["path"], first, line["t"], float("inf"))
    found += [head for head in heads.values() if head]
    return [head for head in found if FOREIGN not in head.name]


@dataclasses.dataclass
class WakeUp:
    """How long the first in the queue waited for its grant, what disturbed it taken off."""

    head: Headship
    client: str
    seconds: float
    after: str  # "heal", "pause" or "nothing": what it counts from
    fault: str  # which was healed, or ""
    at: float
    is_granted: bool


@dataclasses.dataclass
class Disturbances:
    faults: typing.List[typing.Tuple[float, float]]  # from the begin until all servers served again
    kinds: typing.Dict[float, str]  # of the faults, by their ends
    pauses: typing.Dict[str, typing.List[typing.Tuple[float, float]]]  # by client
    kills: typing.Dict[str, typing.List[float]]


def disturbances_in(lines):
    faults, kinds, paused = [], {}, {}
    pauses, kills = collections.defaultdict(list), collections.defaultdict(list)
    for line in lines:
        if line["kind"] == "fault":
            faults.append((line["fault"]["began"], line["fault"]["served"]))
            kinds[line["fault"]["served"]] = line["fault"]["kind"]
        elif line["kind"] == "paused":
            paused[line["client"]] = line["t"]
        elif line["kind"] == "resumed" and line["client"] in paused:
            pauses[line["client"]].append((paused.pop(line["client"]), line["t"]))
        elif line["kind"] == "killed":
            kills[line["client"]].append(line["t"])
    for client, since in paused.items():
        pauses[client].append((since, float("inf")))
    return Disturbances(sorted(faults), kinds, pauses, kills)


def last_end(windows, since, until):
    """The latest end of a window that overlaps the time between; None if there is none."""
    at = bisect.bisect_left(windows, (until, 0.0))
    ends = [end for begin, end in windows[max(0, at - 5) : at] if end > since]
    return max(ends, default=None)


def wake_ups(lines, session_timeout_s):
    """Of all that were first in a queue, in order. Nodes of killed processes are left out: those
    stay until their sessions expire."""
    disturbances = disturbances_in(lines)
    granted_by_name, granted_by_czxid, czxids, owners = {}, {}, {}, {}
    for line in lines:
        if line["kind"] == "grant":
            granted_by_czxid.setdefault(line["token"] // TOKENS_PER_NODE, line)
            if line.get("node"):
                granted_by_name.setdefault(line["node"].rpartition("/")[2], line)
        elif line["kind"] == "node":
            czxids[line["name"]] = line["czxid"]
            owners[line["name"]] = line["record"]
    over = next((line["t"] for line in lines if line["kind"] == "over"), float("inf"))
    found = []
    for head in headships(lines):
        grant = granted_by_name.get(head.name) or granted_by_czxid.get(czxids.get(head.name))
        client = grant["client"] if grant else client_named_in(owners.get(head.name))
        until = min(grant.get("had", grant["t"]) if grant else head.until, over)
        is_killed = any(
            head.since - session_timeout_s - LOST_S < at < until
            for at in disturbances.kills.get(client, ())
        )
        if client is None or (not grant and is_killed) or head.since > over:
            continue
        begin, after = head.since, "nothing"
        for name, windows in (
            ("pause", disturbances.pauses.get(client, [])),
            ("heal", disturbances.faults),
        ):
            end = last_end(windows, head.since, until)
            if end is not None and end > begin:
                begin, after = end, name
        fault = disturbances.kinds[begin] if after == "heal" else ""
        seconds = max(0.0, until - begin)
        found.append(WakeUp(head, client, seconds, after, fault, begin, grant is not None))
    return found


def client_named_in(record):
    """Whose node it is, by what its owner wrote into it; None if that was not read in time."""
    if record is None:
        return None
    found = re.search(r"worker-\d", record)
    return found.group(0) if found else "tool"


def lost_wake_ups(found):
    return [wake_up for wake_up in found if wake_up.seconds > LOST_S]
