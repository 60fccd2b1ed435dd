/* leasehold's C interface: locks on ZooKeeper that cannot outlive their lease, for C and for every
 * language that can call C.
 *
 * Conventions:
 *
 *  1. A function that can fail returns LH_OK (0) or an lh_code, and puts an lh_error into its last
 *     argument, which may be NULL; the caller frees it (lh_error_free). Without a failure, and
 *     without memory for it, the argument is set to NULL.
 *  2. A handle (lh_client*, lh_lock*, ...) is a name, not an address: nothing can be read through
 *     it. NULL, a handle that was freed, one of another type, and any other value are answered with
 *     LH_INVALID_HANDLE, or with the value that is documented for it; they crash nothing. Each
 *     handle is freed once, by the function named lh_..._free; doing it again does nothing.
 *  3. Strings are UTF-8 and end in a NUL. Those that are passed in are copied before the function
 *     returns. Those that come out belong to the handle that they were asked of, and live as long.
 *  4. Durations are milliseconds in options and arguments, and nanoseconds where an instant or the
 *     time that is left is told. Instants are on the boot clock (lh_now_ns), which counts suspend.
 *  5. A struct of options begins with its size. lh_..._options_init fills in the size and the
 *     defaults; NULL in place of options takes the defaults. A size that this library does not know
 *     is LH_INVALID_ARGUMENT.
 *  6. Every function may be called from any thread, also at the same time with the same handle, and
 *     inside every callback. A handle that is freed while another thread uses it lives until that
 *     call has ended.
 *  7. `_async` functions return at once. If they return LH_OK, their callback is called exactly
 *     once, on the callback thread of the client; otherwise never. lh_cancel takes them back.
 *  8. Callbacks run on two threads of the client, none of which sends heartbeats or releases locks:
 *     one that blocks delays only what is behind it on its thread. An exception that leaves a
 *     callback is caught and dropped; a callback must not be left by longjmp or pthread_exit.
 *  9. Nothing survives fork(): in the child every call answers LH_FORKED, and freeing does nothing
 *     to what belongs to the parent.
 */
#ifndef LEASEHOLD_LEASEHOLD_H
#define LEASEHOLD_LEASEHOLD_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define LH_API __attribute__((visibility("default")))
#else
#define LH_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lh_client lh_client;
typedef struct lh_lock lh_lock;
typedef struct lh_call lh_call;
typedef struct lh_contenders lh_contenders;
typedef struct lh_observer lh_observer;
typedef struct lh_error lh_error;

/* ---- the library ---- */

/* The version of the library that is running, e.g. "0.1.0". */
LH_API const char* lh_version(void);

/* Now, on the clock that all instants are told by; nanoseconds. */
LH_API int64_t lh_now_ns(void);

/* ---- errors ---- */

/* What went wrong. Negative values are ZooKeeper's own answers, with their numbers on the wire. */
typedef enum lh_code {
    LH_OK = 0,
    LH_INVALID_ARGUMENT = 1,   /* a string, path, duration or option is malformed */
    LH_BUDGET_REFUSED = 2,     /* the lease arithmetic cannot honour the budget */
    LH_WAIT_EXPIRED = 3,       /* not acquired within the wait */
    LH_QUEUE_FULL = 4,         /* more contenders ahead than max_queue */
    LH_HOPELESS_WAIT = 5,      /* at the observed pace the wait would expire first */
    LH_QUEUE_TOO_LONG = 6,     /* the list of contenders exceeds the frame cap */
    LH_SEQUENCE_EXHAUSTED = 7, /* the path's sequence counter is worn out */
    LH_BUDGET_EXCEEDED = 8,    /* the guarded call came back late; the lock is released */
    LH_LOCK_LOST = 9,          /* session or node gone, or the safe deadline passed; final */
    LH_NOT_PERMITTED = 10,     /* ACL or authentication refuses us */
    LH_NO_SERVER = 11,         /* no server could be reached in time */
    LH_PROTOCOL_ERROR = 12,    /* the server sent what ZooKeeper's protocol does not allow */
    LH_SESSION_EXPIRED = 13,   /* the session ended while the operation was under way */
    LH_CONNECTION_LOST = 14,   /* the connection went away after sending: effect unknown */
    LH_CANCELLED = 15,         /* cancelled before it took effect */
    LH_CLOSED = 16,            /* the client is closed or closing */
    LH_WOULD_DEADLOCK = 17,    /* a blocking call on the client's own I/O thread */
    LH_OVERLOADED = 18,        /* a queue or buffer of the client is at its cap */
    LH_UNSUPPORTED = 19,       /* this server, or a read-only connection, cannot do it */
    LH_FORKED = 20,            /* used in a forked child */
    LH_NO_CHROOT = 21,         /* the connect string's chroot does not exist */
    LH_TIMED_OUT = 22,         /* the operation's own time limit passed */
    LH_CALL_FAILED = 23,       /* a guarded function threw */
    LH_PERMITS_DISAGREE = 24,  /* the semaphore has another number of permits */
    LH_MIXED_QUEUE = 25,       /* contenders are in the queue that would not see ours */
    LH_STALE_TOKEN = 26,       /* a fenced resource has seen a newer token */
    LH_TLS_FAILED = 27,        /* no TLS connection that can be trusted; the message says why */
    LH_AUTH_FAILED = 28,       /* SASL did not prove who we are; the message says why */
    LH_INVALID_HANDLE = 1001,  /* NULL, freed, of another type, or no handle at all */
    LH_SYSTEM_ERROR = 1002,    /* the system's; the message has its text */
    LH_OUT_OF_MEMORY = 1003    /* there was no memory for the call */
} lh_code;

/* The name of a code in lower case, e.g. "wait_expired", "zk_no_node"; "unknown" if it is none. */
LH_API const char* lh_code_name(int code);

/* LH_INVALID_HANDLE if `error` is no error object. */
LH_API int lh_error_code(lh_error* error);
/* One line for a person: what happened, where, who holds the lock, and what to do. Never NULL. */
LH_API const char* lh_error_message(lh_error* error);
/* The lock's path; who holds it, from its record (shown, never trusted); the holder's node. ""
 * where unknown. */
LH_API const char* lh_error_path(lh_error* error);
LH_API const char* lh_error_holder(lh_error* error);
LH_API const char* lh_error_holder_node(lh_error* error);
/* Our place in the queue, where 0 would hold; -1 where unknown. */
LH_API int64_t lh_error_position(lh_error* error);
/* What was left of the wait, the budget or the lease; -1 where unknown. */
LH_API int64_t lh_error_time_left_ns(lh_error* error);
LH_API void lh_error_free(lh_error* error);

/* ---- operations under way ---- */

/* One operation that was begun by an `_async` function. 0 is none. Nothing has to be freed. */
typedef uint64_t lh_operation;

/* Takes an operation back: its callback gets LH_CANCELLED, unless it is over already. A lock that
 * was granted in the same moment is released. Returns 1 if it was under way, else 0. */
LH_API int lh_cancel(lh_operation operation);

/* Of an operation that answers nothing but its end: `error` is NULL, or to be freed. */
typedef void (*lh_done_fn)(void* user, lh_error* error);
/* Exactly one of `lock` and `error` is not NULL, and to be freed. */
typedef void (*lh_lock_fn)(void* user, lh_lock* lock, lh_error* error);
/* Exactly one of `contenders` and `error` is not NULL, and to be freed. */
typedef void (*lh_contenders_fn)(void* user, lh_contenders* contenders, lh_error* error);

/* Frees what `user` of a handler points to. A handler is one that may be called more than once, or
 * never; `destroy`, which may be NULL, is called once, on any thread, when it will not be called
 * any more: it was replaced, what it was set on is gone, or it was refused. */
typedef void (*lh_destroy_fn)(void* user);

/* ---- clients ---- */

typedef enum lh_log_level { LH_DEBUG = 0, LH_INFO = 1, LH_WARNING = 2, LH_ERROR = 3 } lh_log_level;

/* One event of the log, with `fields` names and values. The strings live until it returns. Called
 * on the callback thread. */
typedef void (*lh_log_fn)(void* user, int level, const char* event, const char* const* names,
                          const char* const* values, size_t fields);

typedef enum lh_sasl_mechanism {
    LH_SASL_NONE = 0,
    LH_SASL_DIGEST_MD5 = 1,
    LH_SASL_GSSAPI = 2
} lh_sasl_mechanism;

typedef enum lh_evidence {
    LH_EVIDENCE_CONSERVATIVE = 0, /* any answer, less (sync_limit + 2) ticks */
    LH_EVIDENCE_QUORUM = 1        /* answers to writes; for short session timeouts */
} lh_evidence;

/* How a client reaches its ensemble and how far it trusts it; each field as in ClientOptions of
 * <leasehold/options.hpp>. */
typedef struct lh_client_options {
    size_t struct_size;
    int64_t session_timeout_ms; /* asked of the server; 40000 */
    int64_t tick_ms;            /* the ensemble's tickTime, or more: the lease rests on it; 2000 */
    int32_t sync_limit;         /* the ensemble's syncLimit, or more; 5 */
    int32_t standalone;         /* 1 only if the ensemble is one standalone server; 0 */
    int64_t ack_gap_ms;         /* longest time to a reply that counts; 0: min(2 s, tick) */
    double clock_drift;         /* bound on clocks' relative rate, below 0.5; 0.01 */
    int64_t margin_ms;          /* fixed safety margin; 250 */
    int64_t connect_timeout_ms; /* of one attempt; 5000 */
    int64_t backoff_min_ms;     /* between failed attempts; 100 */
    int64_t backoff_max_ms;     /* 0: session_timeout / 20, from 250 ms to 10 s */
    int64_t max_connects_per_second; /* 10 */
    uint64_t max_frame_bytes;        /* largest reply that is accepted; 4 MiB */
    uint64_t max_pending;            /* requests, acquisitions and watches at once; 100000 */
    int64_t orphan_limit_ms;         /* 60000 */
    const char* server_version;      /* NULL: asked of the server */
    const char* owner;               /* shown to others; NULL: the program's name */
    lh_log_fn on_log;                /* NULL: silent */
    void* log_user;                  /* has to outlive the client */
    int32_t tls_enabled;             /* 1, "tls://" before the hosts, or any tls_ below: TLS; 0 */
    int32_t tls_min_version;         /* 12 for TLS 1.2, 13 for 1.3; 12 */
    const char* tls_ca_file;         /* PEM, as all of these; both NULL: the system's */
    const char* tls_ca_directory;
    const char* tls_certificate_file; /* NULL: none is shown */
    const char* tls_key_file;         /* NULL: in tls_certificate_file */
    const char* tls_passphrase_file;
    const char* tls_passphrase_env; /* the name of a variable */
    const char* tls_server_name;    /* NULL: the name in the connect string */
    const char* auth_file;          /* credentials, "SCHEME SECRET" in each line */
    const char* auth_env;           /* the name of a variable */
    int32_t sasl_mechanism;         /* lh_sasl_mechanism; LH_SASL_NONE */
    int32_t lease_evidence;         /* lh_evidence; LH_EVIDENCE_CONSERVATIVE */
    const char* sasl_user;          /* with LH_SASL_DIGEST_MD5, as the next two and the realm */
    const char* sasl_password_file; /* its first line */
    const char* sasl_password_env;  /* the name of a variable */
    const char* sasl_service;       /* NULL: "zookeeper" */
    const char* sasl_server_name;   /* NULL: "zk-sasl-md5", or the host in the connect string */
    const char* sasl_realm;         /* NULL: the first one that a server offers */
} lh_client_options;

/* `size` is sizeof(lh_client_options) as the caller was compiled with. Does nothing for NULL. */
LH_API void lh_client_options_init(lh_client_options* options, size_t size);

/* Starts a client and returns at once; connecting goes on behind it and never gives up. `hosts` is
 * "host:port,host:port/chroot", with "tls://" in front for TLS. */
LH_API int lh_client_connect(const char* hosts, const lh_client_options* options,
                             lh_client** client, lh_error** error);

/* Invalidates all locks, ends what is under way with LH_CLOSED, closes the session, and returns
 * within 1 s whether or not the server answered. */
LH_API void lh_client_free(lh_client* client);

/* The same, and says whether the server has answered: then it has nothing of ours left. */
LH_API int lh_client_close(lh_client* client, int64_t timeout_ms, lh_error** error);
LH_API int lh_client_close_async(lh_client* client, int64_t timeout_ms, lh_done_fn callback,
                                 void* user, lh_operation* operation, lh_error** error);

/* Waits until the client is connected; LH_NO_SERVER if not within the timeout, or LH_TLS_FAILED,
 * LH_AUTH_FAILED or LH_PROTOCOL_ERROR if that is why. */
LH_API int lh_client_wait_connected(lh_client* client, int64_t timeout_ms, lh_error** error);
LH_API int lh_client_wait_connected_async(lh_client* client, lh_done_fn callback, void* user,
                                          lh_operation* operation, lh_error** error);

/* Credentials, e.g. "digest" and "user:password", for this connection and every later one. */
LH_API int lh_client_add_auth(lh_client* client, const char* scheme, const void* secret,
                              size_t secret_size, lh_error** error);

typedef enum lh_state {
    LH_STATE_CONNECTING = 0,
    LH_STATE_CONNECTED = 1,
    LH_STATE_JEOPARDY = 2, /* no fresh evidence; leases end at their deadlines */
    LH_STATE_CLOSED = 3    /* also: no such client */
} lh_state;

LH_API int lh_client_state(lh_client* client);
/* Called on the callback thread after each change. Replaces the handler before; NULL removes it. */
LH_API int lh_client_on_state_change(lh_client* client, void (*handler)(void* user, int state),
                                     void* user, lh_destroy_fn destroy, lh_error** error);

/* Counters run from the start of the client and never go back. */
typedef struct lh_client_stats {
    size_t struct_size;
    uint64_t sessions;   /* opened */
    uint64_t connects;   /* connection attempts */
    uint64_t reconnects; /* re-attachments of a session */
    uint64_t requests;   /* written, pings excluded */
    uint64_t pings;
    uint64_t bytes_sent;
    uint64_t bytes_received;
    uint64_t locks_held;
    uint64_t locks_waiting;
    uint64_t pending_requests;
    uint64_t watches;
    uint64_t nodes_to_delete; /* created nodes whose deletion is not confirmed yet */
    uint64_t orphans;
    uint64_t grants;
    uint64_t local_grants; /* of these, handed over inside this process */
    uint64_t refusals;
    uint64_t overruns;
    uint64_t losses;
    uint64_t gaps;
    int64_t session_timeout_ns; /* granted */
    int64_t evidence_age_ns;
    int64_t lease_in_hand_ns; /* until the safe deadline */
} lh_client_stats;

/* Fills in one consistent snapshot; `stats->struct_size` has to be set. */
LH_API int lh_client_stats_get(lh_client* client, lh_client_stats* stats, lh_error** error);

/* ---- taking locks ---- */

typedef enum lh_lock_kind {
    LH_EXCLUSIVE = 0,
    LH_SHARED = 1,    /* with others who share; no fencing token */
    LH_PERMIT = 2,    /* one of `permits` of a semaphore */
    LH_UPGRADABLE = 3 /* shared, but one at a time, and lh_lock_upgrade makes it exclusive */
} lh_lock_kind;

typedef enum lh_on_budget {
    LH_RELEASE = 0,          /* the node is deleted at the deadline, whatever the caller does */
    LH_HOLD_UNTIL_RETURN = 1 /* it stays until the guarded call returns, or max_hold */
} lh_on_budget;

typedef enum lh_naming {
    LH_NAMING_CURATOR = 0,            /* one queue with Curator's InterProcessMutex */
    LH_NAMING_CURATOR_READ_WRITE = 1, /* with its InterProcessReadWriteLock */
    LH_NAMING_KAZOO = 2               /* with kazoo's Lock, WriteLock and ReadLock */
} lh_naming;

/* One entry of an access control list, e.g. {31, "auth", ""}. Permissions are ZooKeeper's: read 1,
 * write 2, create 4, delete 8, admin 16. */
typedef struct lh_acl {
    int32_t permissions;
    const char* scheme;
    const char* id;
} lh_acl;

/* One acquisition; each field as in LockOptions of <leasehold/options.hpp>. */
typedef struct lh_lock_options {
    size_t struct_size;
    int32_t kind;             /* lh_lock_kind; LH_EXCLUSIVE */
    int32_t naming;           /* lh_naming; LH_NAMING_CURATOR */
    int64_t wait_ms;          /* how long to queue, connecting included; 0 tries; 5000 */
    int64_t budget_ms;        /* how long the granted lock may be held; 10000 */
    int32_t on_budget;        /* lh_on_budget; LH_RELEASE */
    int32_t permits;          /* of a semaphore; 1 */
    int64_t reserve_ms;       /* stop this long before the deadline; -1: min(10 %, 500 ms) */
    int64_t max_hold_ms;      /* with LH_HOLD_UNTIL_RETURN; 0: twice the budget */
    int64_t lock_delay_ms;    /* after a hold that was not released; 0 */
    int64_t keep_idle_ms;     /* keep a released lock for our own next caller; 0 */
    int32_t max_queue;        /* refuse when more are ahead; 0: no bound */
    int32_t max_local_grants; /* of this process in a row while others wait; 4 */
    int32_t check_first;      /* read before writing: a try on a busy lock writes nothing; 0 */
    int32_t refuse_hopeless;  /* 1 */
    int32_t accept_shortened; /* 1 */
    int32_t watch_own_node;   /* notice an operator's delete, and requests, at once; 0 */
    const lh_acl* acl;        /* of our node; NULL: creator-only with credentials, else open */
    size_t acl_count;
    const char* owner;    /* shown to those who wait for us; NULL: the client's */
    const char* trace_id; /* shown beside it; NULL: none */
} lh_lock_options;

LH_API void lh_lock_options_init(lh_lock_options* options, size_t size);

/* Takes the lock at `path`; answers by the end of the wait. The lock is released by lh_lock_free,
 * at the end of its budget, or when it is lost, whichever comes first. */
LH_API int lh_client_lock(lh_client* client, const char* path, const lh_lock_options* options,
                          lh_lock** lock, lh_error** error);
LH_API int lh_client_lock_async(lh_client* client, const char* path, const lh_lock_options* options,
                                lh_lock_fn callback, void* user, lh_operation* operation,
                                lh_error** error);

/* Takes the exclusive locks at all `count` paths, or none, under one lease and one token. */
LH_API int lh_client_lock_all(lh_client* client, const char* const* paths, size_t count,
                              const lh_lock_options* options, lh_lock** lock, lh_error** error);
LH_API int lh_client_lock_all_async(lh_client* client, const char* const* paths, size_t count,
                                    const lh_lock_options* options, lh_lock_fn callback, void* user,
                                    lh_operation* operation, lh_error** error);

/* One candidacy for leadership; each field as in ElectOptions of <leasehold/options.hpp>. */
typedef struct lh_elect_options {
    size_t struct_size;
    int64_t wait_ms;       /* INT64_MAX: for ever, the default; 0: only if nobody leads */
    int64_t reserve_ms;    /* -1: 5 % of the session timeout, at most 500 ms */
    int64_t lock_delay_ms; /* 0 */
    int32_t naming;        /* LH_NAMING_CURATOR */
    int32_t reserved;      /* 0 */
    const char* payload;   /* what others are told of the leader, e.g. an address; NULL: nothing */
    const lh_acl* acl;
    size_t acl_count;
    const char* owner;
    const char* trace_id;
} lh_elect_options;

LH_API void lh_elect_options_init(lh_elect_options* options, size_t size);

/* Becomes the leader of `path`: an exclusive lock without a budget, whose lease rolls on for as
 * long as there is evidence of the session. Freeing it resigns. */
LH_API int lh_client_elect(lh_client* client, const char* path, const lh_elect_options* options,
                           lh_lock** leadership, lh_error** error);
LH_API int lh_client_elect_async(lh_client* client, const char* path,
                                 const lh_elect_options* options, lh_lock_fn callback, void* user,
                                 lh_operation* operation, lh_error** error);

/* ---- locks ---- */

/* Releases the lock and returns at once; the deletion goes on behind it until it is confirmed. */
LH_API void lh_lock_free(lh_lock* lock);

/* 1 while nobody else can hold the lock, else 0; once 0 it stays so. 0 for what is no lock. */
LH_API int lh_lock_valid(lh_lock* lock);
/* Until when it is valid; INT64_MIN once it ended. It may still move, up to the budget. */
LH_API int64_t lh_lock_deadline_ns(lh_lock* lock);
/* From now to the deadline; 0 once it ended. */
LH_API int64_t lh_lock_remaining_ns(lh_lock* lock);
/* The fencing token: positive, and larger than every earlier exclusive holder's of this path. 0,
 * which every resource has to refuse: a shared hold, or no lock. */
LH_API int64_t lh_lock_token(lh_lock* lock);
/* An lh_lock_kind; -1 for what is no lock. */
LH_API int lh_lock_kind_of(lh_lock* lock);
/* 1 if the safe deadline was nearer than the budget when it was granted. */
LH_API int lh_lock_is_shortened(lh_lock* lock);
/* 1 once the work under the lock should stop: `reserve` before its deadline, or when it ended. */
LH_API int lh_lock_stop_requested(lh_lock* lock);
/* How many paths it is on: 1, or those of lh_client_lock_all; 0 for what is no lock. */
LH_API size_t lh_lock_count(lh_lock* lock);
/* Its paths, as they were given, and our nodes on them; NULL from the count on. */
LH_API const char* lh_lock_path(lh_lock* lock, size_t index);
LH_API const char* lh_lock_node(lh_lock* lock, size_t index);

/* One more handle to the same hold; the lock is released when the last one is. */
LH_API int lh_lock_again(lh_lock* lock, lh_lock** again, lh_error** error);

/* Ends the lock, and waits until its node is gone. The handle stays, and has to be freed. */
LH_API int lh_lock_release(lh_lock* lock, int64_t timeout_ms, lh_error** error);
LH_API int lh_lock_release_async(lh_lock* lock, lh_done_fn callback, void* user,
                                 lh_operation* operation, lh_error** error);

/* A new budget, counted from now; LH_BUDGET_REFUSED leaves the lock as it was. Not for leaders. */
LH_API int lh_lock_extend(lh_lock* lock, int64_t budget_ms, lh_error** error);
LH_API int lh_lock_extend_async(lh_lock* lock, int64_t budget_ms, lh_done_fn callback, void* user,
                                lh_operation* operation, lh_error** error);

/* Turns an exclusive hold into a shared one, letting nobody in between who does not share. */
LH_API int lh_lock_downgrade(lh_lock* lock, lh_error** error);
LH_API int lh_lock_downgrade_async(lh_lock* lock, lh_done_fn callback, void* user,
                                   lh_operation* operation, lh_error** error);

/* Makes an upgradable lock exclusive; waits for those who share it. */
LH_API int lh_lock_upgrade(lh_lock* lock, int64_t wait_ms, lh_error** error);
LH_API int lh_lock_upgrade_async(lh_lock* lock, int64_t wait_ms, lh_done_fn callback, void* user,
                                 lh_operation* operation, lh_error** error);

/* Why a lock ended. */
typedef enum lh_loss {
    LH_LOSS_RELEASED = 0,
    LH_LOSS_BUDGET = 1,
    LH_LOSS_DEADLINE = 2, /* the safe deadline passed without fresh evidence */
    LH_LOSS_SESSION_EXPIRED = 3,
    LH_LOSS_NODE_DELETED = 4,
    LH_LOSS_CLOSED = 5,
    LH_LOSS_AUTH_FAILED = 6 /* a server refused our SASL credentials on a new connection */
} lh_loss;

/* Completes when the lock has ended, at once if it has; `loss` is an lh_loss, or `error` is to be
 * freed. Cancelling it leaves the lock as it is. */
LH_API int lh_lock_lost_async(lh_lock* lock,
                              void (*callback)(void* user, int loss, lh_error* error), void* user,
                              lh_operation* operation, lh_error** error);

/* `is_in_jeopardy` 1: there is no fresh evidence and the deadline no longer moves; 0: there is
 * again. On the notifier thread; replaces the handler before, NULL removes it. */
LH_API int lh_lock_on_jeopardy(lh_lock* lock, void (*handler)(void* user, int is_in_jeopardy),
                               void* user, lh_destroy_fn destroy, lh_error** error);
/* Somebody asks us to let go (lh_client_request_release). On the notifier thread. */
LH_API int lh_lock_on_requested(lh_lock* lock, void (*handler)(void* user), void* user,
                                lh_destroy_fn destroy, lh_error** error);

/* ---- guarded calls ---- */

/* The guard around the work that a lock is held for: it hands the work its deadline, and says
 * afterwards whether the lock was still ours when the work came back.
 *
 * Begins a guarded call. A lock that has ended is refused (LH_BUDGET_EXCEEDED or LH_LOCK_LOST).
 * Work that never ends delays nobody else: the lock is released all the same. */
LH_API int lh_call_begin(lh_lock* lock, lh_call** call, lh_error** error);
/* Ends and frees it, on any thread. LH_OK: the lock was ours to the end; LH_BUDGET_EXCEEDED or
 * LH_LOCK_LOST: what the work answered must not be trusted. With LH_HOLD_UNTIL_RETURN the node
 * stays until here. Waits for an on_stop handler that is running on another thread. */
LH_API int lh_call_end(lh_call* call, lh_error** error);

/* When the work is asked to stop, and how long until then: the lock's deadline minus `reserve`.
 * INT64_MIN and 0 for what is no call. */
LH_API int64_t lh_call_deadline_ns(lh_call* call);
LH_API int64_t lh_call_remaining_ns(lh_call* call);
/* 1 from then on, or when the lock ended; also for what is no call. */
LH_API int lh_call_stop_requested(lh_call* call);
LH_API int lh_call_valid(lh_call* call);
LH_API int64_t lh_call_token(lh_call* call);
/* NULL for what is no call. */
LH_API const char* lh_call_path(lh_call* call);
/* Called once when stop is requested, on the notifier thread; at once, here, if it has been.
 * Replaces the handler before; NULL removes it. Not called after lh_call_end has returned. */
LH_API int lh_call_on_stop(lh_call* call, void (*handler)(void* user), void* user,
                           lh_destroy_fn destroy, lh_error** error);

/* Begin, `work`, and end: what `work` returns goes to `*returned`, which may be NULL. */
LH_API int lh_lock_call(lh_lock* lock, int (*work)(lh_call* call, void* user), void* user,
                        int* returned, lh_error** error);

/* ---- who holds and who waits ---- */

/* One contender. What it says of itself comes from its record and is shown, never trusted. */
typedef struct lh_contender {
    size_t struct_size;
    const char* node;       /* name of the node */
    int64_t sequence;       /* place in the order */
    int32_t is_held;        /* 1: those ahead of it leave room for it */
    int32_t is_asked;       /* 1: somebody has asked it to let go */
    int32_t kind;           /* lh_lock_kind */
    int32_t is_downgraded;  /* 1: it was exclusive, and lets in who shares */
    int64_t token;          /* what its fencing token is at least, once it holds; 0: unknown */
    const char* blocked_by; /* the nearest of those it waits for; "" */
    const char* owner;      /* "": unknown */
    const char* host;       /* "": unknown */
    int64_t pid;            /* 0: unknown */
    int64_t age_ms;
    int64_t budget_ms; /* -1: unknown */
    const char* trace_id;
    const char* payload; /* of a candidate for leadership */
    const char* session; /* the last 4 hex digits of its session id */
} lh_contender;

/* Who holds the lock at `path` and who waits for it, in order. */
LH_API int lh_client_contenders(lh_client* client, const char* path, lh_contenders** contenders,
                                lh_error** error);
LH_API int lh_client_contenders_async(lh_client* client, const char* path,
                                      lh_contenders_fn callback, void* user,
                                      lh_operation* operation, lh_error** error);
/* Who leads at `path`: a list of one, or of none. */
LH_API int lh_client_leader(lh_client* client, const char* path, lh_contenders** leader,
                            lh_error** error);
LH_API int lh_client_leader_async(lh_client* client, const char* path, lh_contenders_fn callback,
                                  void* user, lh_operation* operation, lh_error** error);

LH_API size_t lh_contenders_count(lh_contenders* contenders);
/* Fills in the entry at `index`; `contender->struct_size` has to be set. Its strings live as long
 * as the list. */
LH_API int lh_contenders_get(lh_contenders* contenders, size_t index, lh_contender* contender,
                             lh_error** error);
LH_API void lh_contenders_free(lh_contenders* contenders);

/* Asks those who hold the lock at `path` to let go; `*asked`, which may be NULL, is how many. */
LH_API int lh_client_request_release(lh_client* client, const char* path, uint64_t* asked,
                                     lh_error** error);

/* Follows who leads at `path`. */
LH_API int lh_client_observe(lh_client* client, const char* path, lh_observer** observer,
                             lh_error** error);
/* The first call answers with the leader there is, each later one when it is another. One call at a
 * time (LH_OVERLOADED). LH_TIMED_OUT: ask again. */
LH_API int lh_observer_next(lh_observer* observer, int64_t timeout_ms, lh_contenders** leader,
                            lh_error** error);
LH_API int lh_observer_next_async(lh_observer* observer, lh_contenders_fn callback, void* user,
                                  lh_operation* operation, lh_error** error);
/* Ends a call of lh_observer_next that is under way with LH_CANCELLED. */
LH_API void lh_observer_free(lh_observer* observer);

#ifdef __cplusplus
}
#endif

#endif
