#!/usr/bin/env python3
"""What fuzzing begins with: the captured frames of tests/vectors and a few texts, for each target.

    seeds.py FOLDER     writes FOLDER/TARGET/seed-N
"""

import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VECTORS = os.path.join(os.path.dirname(HERE), "vectors")
RECORDS = 24  # more than any target of records has: the first byte says which

OWN = b"0123456789abcdef"
NAMES = [
    OWN + b"-lock-0000000001",
    OWN + b"-__READ__0000000002",
    OWN + b"-__WRIT__0000000003",
    OWN + b"-lease-0000000004",
    OWN + b"-up-__READ__0000000005",
    OWN + b"-w1-__WRIT__0000000006",
    OWN + b"__lock__0000000007",
    OWN + b"__rlock__0000000008",
    OWN + b"-up__rlock__0000000009",
    b"_c_00000000-1111-2222-3333-444444444444-lock-0000000010",
    b"_c_00000000-1111-2222-3333-444444444444-latch-0000000011",
    b"leases",
    b"x-lock--000000001",
    b"x-lock-2147483647",
]
RECORD = b"".join(
    bytes([number << 3 | 2, len(text)]) + text
    for number, text in (
        (1, b"orders"),
        (2, b"host7"),
        (3, b"4711"),
        (4, b"10000"),
        (5, b"trace"),
        (6, b"1700000000000"),
        (7, b"leasehold/0.1.0"),
        (9, b"500"),
        (13, b"1"),
    )
)
TEXTS = {
    "path": [b"\0/locks/orders/4711", b"\5/shop/a/b", b"\0/zookeeper/quota", b"\0/\xc3\xa9/.x/..y"],
    "contender_names": [
        b"\1" + OWN + bytes(12) + b"".join(bytes([len(name)]) + name for name in NAMES[begin:])
        for begin in range(len(NAMES))
    ],
    "lock_record": [
        b"\0" + RECORD,
        b"\x20" + NAMES[0] + RECORD + b"r\x011",
        b"\x23" + NAMES[1] + RECORD + b"b\x0542949",
        b"\0" + RECORD + b"z\x011",
        b"\0__REVOKE__",
        b"\x00\x0212",
    ],
    "connect_string": [
        b"zk1:2181,zk2:2182/shop",
        b"tls://[fe80::1%eth0]:2281,zk.example/a/b",
        b"127.0.0.1",
    ],
    "config_file": [
        b"# ours\nconnect = tls://zk1:2281/shop\nsession-timeout=40s\ntick = 2s\r\nstandalone =\n",
        b"sync-limit = 5\nack-gap = 2s\nclock-drift = 0.01\nmargin = 250ms\ntls = yes\n",
        b"tls-ca = /a\ntls-ca-dir = /b\ntls-cert = c\ntls-key = d\ntls-passphrase-file = e\n"
        b"tls-passphrase-env = F\ntls-server-name = g\ntls-min-version = 1.3\nauth-file = h\n"
        b"auth-env = I\n",
    ],
    "credentials": [b"# who\ndigest shop:s3cret\nauth x\r\n", b"digest a:b"],
    "texts": [
        b"1.5s",
        b"596h",
        b"250ms",
        b"90m",
        b"127.0.0.1:2181",
        b"[::1]:0",
        b"localhost:80",
        b"3.8.0",
        b"Zookeeper version: 3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf, built on 03/06/2019\n",
        b"\xc8a\x1b[31m\xe2\x80\xae\\\xff\xc3\xa9",
    ],
}


# ---- scripts for the hostile server: see act() in hostile_server.cpp for what the bytes mean ----

EXCLUSIVE, SHARED, PERMIT, UPGRADABLE = range(4)
DROP, TWICE, CUT, LONGER, FLIP, RAW, LENGTH, XID, ZXID, ERROR = range(10)
LIST_WITHOUT, LIST_WITH, LIST_ONLY, LIST_TWICE, COUNT, ELSEWHERE, DATA, OWNER, CZXID = range(11, 20)
TIMEOUT, SESSION, PASSWORD, READ_ONLY, BARE, EVENT_TYPE, EVENT_PATH = range(20, 27)


def acquire(kind=EXCLUSIVE, path=0, flags=0, wait=4, budget=5, naming=0):
    return bytes([0, kind, path, flags, wait, budget, naming, 2])


def wait(index):
    """0: nothing, 1 ms, 2 ms, 10 ms, 100 ms, 1 s, 4 s, 21 s."""
    return bytes([14, index])


def lie(kind, number=0, skip=0, text=b""):
    return bytes([11, kind, skip, 0]) + number.to_bytes(8, "big", signed=True) + bytes([len(text)]) + text


RELEASE = bytes([5, 0, 4])
CUT_OFF = bytes([9, 0])
SCRIPTS = [
    acquire() + wait(4) + RELEASE + wait(4),
    acquire(flags=16) + wait(4) + bytes([7, 2, 0, 0]) + wait(5),  # somebody deletes our node
    acquire() + wait(4) + acquire() + wait(4) + RELEASE + wait(5),
    acquire() + wait(4) + acquire(naming=1) + wait(4) + RELEASE + wait(5),
    acquire(SHARED) + acquire(SHARED) + wait(4) + acquire() + wait(5) + RELEASE + RELEASE + wait(6),
    acquire(PERMIT) + acquire(PERMIT) + acquire(PERMIT) + wait(5) + RELEASE + wait(5),
    acquire(UPGRADABLE) + wait(4) + bytes([5, 0, 2, 4]) + wait(5) + bytes([5, 0, 1]) + wait(5),
    acquire() + wait(4) + bytes([5, 0, 0, 6]) + wait(6) + bytes([5, 0, 1]) + wait(5),
    bytes([2, 1, 0, 4, 5, 0, 2]) + wait(5) + RELEASE + wait(5),
    bytes([2, 0, 0, 4]) + wait(6) + CUT_OFF + wait(6) + RELEASE + wait(5),
    bytes([8, 9, 0, 0, 1, 0]) + acquire() + wait(6) + RELEASE + wait(6),
    acquire() + wait(4) + CUT_OFF + wait(5) + acquire(SHARED) + wait(6),
    acquire(path=2) + wait(5) + RELEASE + wait(5),
    acquire(flags=32) + wait(4) + bytes([9, 1]) + wait(7) + acquire() + wait(7),
    acquire(flags=64) + wait(4) + RELEASE + wait(2) + acquire() + wait(5) + RELEASE + wait(5),
    bytes([7, 0, 0, 1]) + acquire() + wait(4) + bytes([7, 2, 0, 0]) + wait(5) + RELEASE + wait(5),
    acquire() + wait(4) + bytes([8, 0, 3]) + wait(5) + acquire() + wait(6),
    bytes([6, 10, 1, 0, 0]) + wait(4) + bytes([7, 3, 0, 0, 1, 65]) + wait(5),
] + [
    bytes([7, 0, 0, 1]) + lie(kind, number, skip, text) + acquire() + wait(6) + RELEASE + wait(6)
    for skip in (0, 1)
    for kind, number, text in (
        (DROP, 0, b""),
        (TWICE, 0, b""),
        (CUT, 3, b""),
        (LONGER, 0, b"xyz"),
        (FLIP, 77, b""),
        (RAW, 0, b"\0\0\0\4abcd"),
        (LENGTH, 0x7FFFFFFF, b""),
        (XID, 1, b""),
        (ZXID, -5, b""),
        (ERROR, 110, b""),
        (LIST_WITHOUT, 0, b""),
        (LIST_WITH, 0, b"x-lock-0000000000"),
        (LIST_ONLY, 0, b""),
        (LIST_TWICE, 0, b""),
        (ELSEWHERE, 0, b"/q/x-lock-0000000009"),
        (DATA, 0, b"r\x011"),
        (OWNER, 17, b""),
        (CZXID, 17, b""),
        (TIMEOUT, 400, b""),
        (SESSION, 17, b""),
        (PASSWORD, 0, b"short"),
        (READ_ONLY, 0, b""),
        (BARE, 0, b""),
        (EVENT_TYPE, 2, b""),
        (EVENT_PATH, 0, b"/q"),
    )
]


def frames():
    """(direction, operation, body) of each captured frame, without its length."""
    for name in ("core", "variants", "refused"):
        with open(os.path.join(VECTORS, name + ".jsonl"), encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                frame = bytes.fromhex(row["hex"])
                if len(frame) > 4:
                    yield row["direction"], row["op"], frame


def framed(body):
    return len(body).to_bytes(4, "big") + body


def seeds():
    """(target, bytes) of each seed."""
    stream = b""
    for direction, operation, frame in frames():
        body = frame[4:]
        is_reply = direction == "server->client"
        stream = (stream + frame)[-400:]
        yield "frame_splitter", bytes([100, 0, 200, 7, 3]) + frame
        if operation == "connect":
            if is_reply:
                yield "connect_answer", body
            for record in range(RECORDS):
                yield "request_records", bytes([record]) + body
            continue
        record = body[16:] if is_reply else body[8:]
        if operation.startswith("multi"):
            for kind in range(3):
                yield "multi", bytes([kind]) + record
            yield "raw_replies", bytes([0, 7, 2]) + record
            continue
        if operation == "notification":
            yield "watch_event", body
            yield "watch_event", record
        for kind in range(RECORDS):
            yield "reply_records" if is_reply else "request_records", bytes([kind]) + record
        for kind in range(8) if is_reply else ():
            yield "raw_replies", bytes([0, kind, 1]) + record
    yield "frame_splitter", bytes([100, 0, 200, 11, 5]) + stream
    yield "frame_splitter", bytes([7, 0, 60, 2, 1]) + framed(b"x" * 40) + framed(b"1234") * 3
    for script in SCRIPTS:
        for settings in (0, 1, 4 | 2):
            yield "hostile_server", bytes([settings]) + script
    for target, texts in TEXTS.items():
        for text in texts:
            yield target, text


def write(folder):
    for number, (target, data) in enumerate(seeds()):
        os.makedirs(os.path.join(folder, target), exist_ok=True)
        with open(os.path.join(folder, target, f"seed-{number}"), "wb") as file:
            file.write(data)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    write(sys.argv[1])
