#include "sdk/cli/help.hpp"

namespace leasehold::cli::help {

constexpr std::string_view description = "Locks on ZooKeeper that cannot outlive their lease.";

constexpr std::string_view footer = R"(Examples:
  export LEASEHOLD_CONNECT=zk1:2181,zk2:2181,zk3:2181/shop
  leasehold run /jobs/billing --wait 30s --budget 10s -- ./billing.sh --month 11
  leasehold elect /schedulers --payload 10.0.0.7:8080 -- ./scheduler
  leasehold ls /jobs/billing
  leasehold serve                  a server to try all this on: nothing else is needed

LEASEHOLD_CONNECT names the ensemble where --connect is not given.
'leasehold run --help', and so on for each, tell more, exit codes included.)";

constexpr std::string_view run_description =
    R"(Runs CMD while holding the lock at PATH, for its budget at most.

PATH is relative to the chroot in --connect, and is created where it is missing. CMD gets the
fencing token in LEASEHOLD_TOKEN, the path in LEASEHOLD_PATH and the milliseconds that are left at
its start in LEASEHOLD_DEADLINE_MS. At the budget its process group gets SIGTERM, and SIGKILL after
the grace; the lock is held until CMD is gone. SIGTERM, SIGINT, SIGHUP and SIGQUIT are passed on.

With --shared CMD may run while others of --shared do, but nobody without it; all queue together in
the order in which they came. There is no fencing token then, and LEASEHOLD_TOKEN is not set.

With --upgradable CMD may run beside those of --shared, one such CMD at a time, and nobody else:
for what only reads, and must not run twice.

With --permits N up to N may run at once. PATH is a semaphore then, not a lock.

With --also PATH2 CMD runs while holding the locks at both, or at more: all of them or none.

With --lock-delay those of leasehold that wait behind CMD hold back that long if it does not end in
good order: its budget was used up, or its host or this program died.)";

constexpr std::string_view run_footer = R"(Durations: 500ms, 2s, 1.5s, 1m, 1h.

Example:
  leasehold run /jobs/billing --connect zk1:2181,zk2:2181/shop --wait 30s --budget 10s \
      -- ./billing.sh --month 11
  leasehold run /reports --shared -- ./read_report.sh
  leasehold run /reports --upgradable -- ./prepare_report.sh
  leasehold run /printers --permits 3 -- ./print.sh
  leasehold run /accounts/1 --also /accounts/2 -- ./transfer.sh
  leasehold run /jobs/export --lock-delay 15s -- ./export.sh

--naming: whose locks are on PATH, too, besides leasehold's:
  curator      Curator's InterProcessMutex, go-zookeeper; beside those no --shared
  curator-rw   Curator's InterProcessReadWriteLock
  kazoo        kazoo's Lock, or its WriteLock and ReadLock; with --shared only the latter two

Exit codes: that of CMD, 128 + n if signal n ended it; and
   64  bad arguments, a budget that the lease cannot honour (the text has the numbers), or others
       on PATH whose locks need another --naming
   69  no server could be reached
   70  internal error
   75  not acquired within the wait
   76  the server broke ZooKeeper's protocol
   77  not permitted by an ACL or by authentication
   78  no TLS connection that can be trusted
  124  CMD was ended because its budget was used up
  125  CMD was ended because the lock was lost
  126  CMD cannot be executed
  127  there is no CMD)";

constexpr std::string_view elect_description =
    R"(Runs CMD while leading at PATH, for as long as it likes.

Of all that stand for PATH the first one leads; the others wait for their turn. CMD gets the fencing
token in LEASEHOLD_TOKEN and the path in LEASEHOLD_PATH. When the lead is about to be lost, because
the ensemble has not answered for too long, CMD's process group gets SIGTERM, and SIGKILL before
anybody else can lead. The lead is given up when CMD is gone. SIGTERM, SIGINT, SIGHUP and SIGQUIT
are passed on.)";

constexpr std::string_view elect_footer = R"(Durations: 500ms, 2s, 1.5s, 1m, 1h.

Example:
  leasehold elect /schedulers --connect zk1:2181,zk2:2181/shop --payload 10.0.0.7:8080 \
      -- ./scheduler
  leasehold ls /schedulers --json | jq -r '.[0].payload'

--naming: whose candidates are at PATH, too, besides leasehold's:
  curator      Curator's LeaderSelector; not its LeaderLatch
  curator-rw   whoever takes Curator's InterProcessReadWriteLock there
  kazoo        kazoo's Election

Exit codes: that of CMD, 128 + n if signal n ended it; and
   64  bad arguments, a session timeout that leaves no room for a lease, or others at PATH whose
       elections need another --naming
   69  no server could be reached
   70  internal error
   75  not elected within the wait
   76  the server broke ZooKeeper's protocol
   77  not permitted by an ACL or by authentication
   78  no TLS connection that can be trusted
  125  CMD was ended because the lead was lost
  126  CMD cannot be executed
  127  there is no CMD)";

constexpr std::string_view list_description =
    R"(Shows who holds the lock at PATH and who waits for it, in order.

Contenders of Curator and kazoo are shown, too. What they say of themselves (owner, host, pid,
budget) is shown as they wrote it. "after 2" waits until the one at position 2 has gone. TOKEN is
what the fencing token is at least. NODE is shortened; --json has all of it.)";

constexpr std::string_view list_footer = R"(Durations: 500ms, 2s, 1.5s, 1m, 1h.

Examples:
  leasehold ls /jobs/billing --connect zk1:2181,zk2:2181/shop
  leasehold ls /jobs/billing --json | jq '.[0].owner'

Exit codes:
    0  done; also if nobody is there
   64  bad arguments
   69  no server could be reached
   70  internal error
   76  the server broke ZooKeeper's protocol
   77  not permitted by an ACL or by authentication
   78  no TLS connection that can be trusted)";

constexpr std::string_view serve_description =
    R"(Serves ZooKeeper's protocol from memory, for tests and trials.

Any ZooKeeper client may connect. Nothing is kept: when it ends, all nodes and sessions are gone.
Nobody is asked who they are. It prints where it listens, one line per node, and the connect string,
and serves until SIGINT (Ctrl-C) or SIGTERM.)";

constexpr std::string_view serve_footer = R"(Durations: 500ms, 2s, 1.5s, 1m, 1h.

Examples:
  leasehold serve
  leasehold serve --listen 127.0.0.1:0 --nodes 3 --tick 200ms

Exit codes:
    0  ended by SIGINT or SIGTERM
   64  bad arguments, or an address that others can reach without --public
   69  cannot listen there; the port may be taken
   70  internal error
  128 + n  ended by another signal)";

}  // namespace leasehold::cli::help
