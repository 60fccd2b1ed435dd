#!/usr/bin/env python3
"""Starts, stops and shows real ZooKeeper servers on loopback, from Debian's packages.

    ./dev zk start  [--nodes N] [--port P] [--tick MS] [--netty] [--name NAME]
    ./dev zk status [--name NAME] [--json]
    ./dev zk stop   [--name NAME | --all] [--keep]
    ./dev zk run    [the options of start] -- COMMAND ARGS...

start returns when every node serves, and prints the connect string as its only line on standard
output. run starts servers, runs COMMAND with every "{}" of its arguments replaced by the connect
string, and stops the servers when COMMAND has ended, however it ended; if this script itself is
killed, both die with it. Several sets of servers live side by side under different names.

zk_servers.py is what they are started by, for programs in Python, too.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys

from zk_servers import (
    JARS,
    STATUS_TIMEOUT_S,
    Failure,
    Servers,
    are_serving,
    is_ours,
    locked,
    run_command,
    say,
    settings,
)


def need_server_packages(netty):
    if shutil.which("java") is None:
        raise Failure("no java on the PATH; './dev setup' installs one")
    wanted = ["zookeeper.jar", "slf4j-simple.jar"] + (["netty-codec.jar"] if netty else [])
    missing = [jar for jar in wanted if not os.path.exists(os.path.join(JARS, jar))]
    if missing:
        raise Failure(f"{', '.join(missing)} not found in {JARS}; './dev setup' installs them")


def settings_from(options):
    if options.nodes not in range(1, 10):
        raise Failure("--nodes: 1 to 9")
    if options.port and not 0 < options.port <= 65536 - options.nodes:
        raise Failure("--port: 1 to 65535, and room above it for one port per node")
    if not 10 <= options.tick <= 60000:
        raise Failure("--tick: 10 to 60000 milliseconds")
    for each in options.config:
        if "=" not in each:
            raise Failure(f"--config {each}: KEY=VALUE, as in zoo.cfg")
    return settings(
        nodes=options.nodes,
        port=options.port,
        tick=options.tick,
        sync_limit=options.sync_limit,
        netty=options.netty,
        config=options.config,
        jvm=options.jvm,
    )


def start(options):
    wanted = settings_from(options)
    need_server_packages(wanted["netty"])
    with locked(options.root, options.name):
        servers = Servers(options.root, options.name)
        if servers.state and servers.state["settings"] != wanted:
            how = "run" if servers.is_running else "were kept"
            raise Failure(
                f"servers named '{options.name}' {how} with other settings; "
                f"'./dev zk stop --name {options.name}' first, or choose another --name"
            )
        if servers.is_running:
            say(f"'{options.name}' runs already")
        servers.start(wanted, options.timeout)
        print(servers.connect_string, flush=True)


def run(options):
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command:
        raise Failure("run: which command? ./dev zk run [options] -- COMMAND ARGS...")
    wanted = settings_from(options)
    need_server_packages(wanted["netty"])

    def interrupted(number, _frame):
        raise SystemExit(128 + number)

    # Until the command runs, a signal ends us through the clean-up below.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    with locked(options.root, options.name):
        servers = Servers(options.root, options.name)
        if servers.state:
            raise Failure(f"servers named '{options.name}' exist already; choose another --name")
        try:
            servers.start(wanted, options.timeout, die_with_us=True)
            return run_command([each.replace("{}", servers.connect_string) for each in command])
        finally:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            servers.stop()


def known_names(root):
    with contextlib.suppress(FileNotFoundError):
        return sorted(
            each
            for each in os.listdir(root)
            if os.path.exists(os.path.join(root, each, "state.json"))
        )
    return []


def stop(options):
    names = known_names(options.root) if options.all else [options.name]
    for name in names:
        with locked(options.root, name):
            servers = Servers(options.root, name)
            if servers.state is None:
                say(f"no servers named '{name}'")
                continue
            servers.stop(keep=options.keep)
            say(f"stopped '{name}'" + (" (data kept)" if options.keep else ""))


def status(options):
    names = [options.name] if options.name else known_names(options.root)
    report = []
    for name in names:
        servers = Servers(options.root, name)
        if servers.state is None:
            raise Failure(f"no servers named '{name}'")
        nodes = [
            {
                "id": node["id"],
                "address": f"127.0.0.1:{node['port']}",
                "pid": node["pid"] if is_ours(node) else None,
                "mode": mode,
                "log": os.path.join(node["directory"], "server.log"),
            }
            for node, mode in zip(servers.nodes, servers.modes(STATUS_TIMEOUT_S))
        ]
        report.append(
            {
                "name": name,
                "connect": servers.connect_string,
                "tick_ms": servers.state["settings"]["tick"],
                "netty": servers.state["settings"]["netty"],
                "serving": are_serving([node["mode"] for node in nodes]),
                "nodes": nodes,
            }
        )
    if options.json:
        print(json.dumps(report, indent=2))
    elif not report:
        print("no servers; './dev zk start' starts one")
    else:
        for each in report:
            kind = "netty" if each["netty"] else "nio"
            print(f"{each['name']}: {each['connect']} (tick {each['tick_ms']} ms, {kind})")
            for node in each["nodes"]:
                state = "stopped" if node["pid"] is None else node["mode"] or "not serving"
                print(f"  node {node['id']} {node['address']} pid {node['pid'] or '-'}: {state}")
    # As a service's status does: 0 serving, 3 not.
    return 0 if report and all(each["serving"] for each in report) else 3


def parser():
    top = argparse.ArgumentParser(
        prog=os.environ.get("LEASEHOLD_ZK_PROG", "zk.py"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    here = os.path.dirname(os.path.abspath(__file__))
    default_root = os.path.join(os.path.dirname(os.path.dirname(here)), "build", "zk")

    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--root", metavar="DIR", default=default_root, help="where the servers' files are"
    )
    servers = argparse.ArgumentParser(add_help=False)
    servers.add_argument("--nodes", type=int, default=1, metavar="N", help="1 to 9; default 1")
    servers.add_argument(
        "--port",
        type=int,
        default=0,
        metavar="P",
        help="of the first node, the next ones follow; default: free ports",
    )
    servers.add_argument(
        "--tick", type=int, default=200, metavar="MS", help="tickTime; default 200"
    )
    servers.add_argument(
        "--sync-limit", type=int, default=5, metavar="TICKS", help="syncLimit; default 5"
    )
    servers.add_argument("--netty", action="store_true", help="Netty for connections, not NIO")
    servers.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one more line of zoo.cfg; may be repeated",
    )
    servers.add_argument(
        "--jvm",
        action="append",
        default=[],
        metavar="ARG",
        help="one more argument of java, as in --jvm=-Dreadonlymode.enabled=true; may be repeated",
    )
    servers.add_argument(
        "--timeout", type=float, default=60, metavar="S", help="until they must serve; default 60"
    )

    commands = top.add_subparsers(dest="what", metavar="COMMAND", required=True)
    each = commands.add_parser(
        "start", parents=[servers, common], help="start, wait until all serve, print where"
    )
    each.add_argument("--name", default="default", help="of this set of servers")
    each.set_defaults(function=start)

    each = commands.add_parser("status", parents=[common], help="what runs; exit 3 if not serving")
    each.add_argument("--name", help="only these; default: all")
    each.add_argument("--json", action="store_true", help="for programs")
    each.set_defaults(function=status)

    each = commands.add_parser("stop", parents=[common], help="stop, and remove the data")
    which = each.add_mutually_exclusive_group()
    which.add_argument("--name", default="default", help="of the set of servers to stop")
    which.add_argument("--all", action="store_true", help="every set of servers")
    each.add_argument(
        "--keep", action="store_true", help="keep ports and data; 'start' goes on with them"
    )
    each.set_defaults(function=stop)

    each = commands.add_parser(
        "run", parents=[servers, common], help="servers for the time of one command"
    )
    each.add_argument("--name", default=f"run-{os.getpid()}", help="of this set of servers")
    each.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND ARGS...")
    each.set_defaults(function=run)
    return top


def main():
    options = parser().parse_args()
    options.root = os.path.abspath(options.root)
    try:
        return options.function(options) or 0
    except Failure as failure:
        say(f"zk: {failure}")
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
