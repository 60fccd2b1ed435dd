/* ZooKeeper servers inside a test's own process, for tests in C and in every language that can call
 * C; what <leasehold/testing.hpp> is to C++, with the conventions of <leasehold/leasehold.h>.
 *
 * In a library of its own (leasehold_testing), so that no production binary carries it. Its errors
 * are texts, not objects, so that it needs nothing of the other library.
 */
#ifndef LEASEHOLD_TESTING_H
#define LEASEHOLD_TESTING_H

#include <leasehold/leasehold.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct lh_embedded_server lh_embedded_server;

/* Each field as in EmbeddedServerOptions of <leasehold/testing.hpp>. */
typedef struct lh_embedded_server_options {
    size_t struct_size;
    uint64_t servers;               /* 1 is a standalone server; at most 9 */
    int64_t tick_ms;                /* 200 */
    int32_t sync_limit;             /* 5 */
    int32_t port;                   /* of the first server; 0: a free one */
    int64_t min_session_timeout_ms; /* 0: two ticks */
    int64_t max_session_timeout_ms; /* 60000 */
    const char* version;            /* NULL: "3.8.0" */
} lh_embedded_server_options;

LH_API void lh_embedded_server_options_init(lh_embedded_server_options* options, size_t size);

/* Starts the servers; they are ready when it returns. Returns LH_OK, or an lh_code with one line
 * for a person in `message`, which has room for `message_size` bytes and may be NULL. */
LH_API int lh_embedded_server_start(const lh_embedded_server_options* options,
                                    lh_embedded_server** server, char* message,
                                    size_t message_size);
/* Closes all connections and ends the servers, within 1 s. */
LH_API void lh_embedded_server_free(lh_embedded_server* server);

/* For lh_client_connect; NULL for what is no server. Lives as long as the server. */
LH_API const char* lh_embedded_server_connect_string(lh_embedded_server* server);
/* Sets what a client of these servers has to know of them (tick, syncLimit, standalone) and makes
 * it come back fast; 0 takes a session timeout that a budget of 10 s fits into. `options` has been
 * through lh_client_options_init. */
LH_API int lh_embedded_server_client_options(lh_embedded_server* server, int64_t session_timeout_ms,
                                             lh_client_options* options);

/* In place of the number of a server: all of them. */
#define LH_EVERY_SERVER SIZE_MAX

/* Switches; each returns when it is in effect, with LH_OK or LH_INVALID_HANDLE. */

/* Ends every session as if nothing had been heard of it for its timeout. */
LH_API int lh_embedded_server_expire_sessions(lh_embedded_server* server);
/* Closes all connections; sessions stay, and clients may connect again at once. */
LH_API int lh_embedded_server_cut(lh_embedded_server* server, size_t index);
/* 1: connections stay, and nothing passes on them any more; 0: what was sent arrives. */
LH_API int lh_embedded_server_half_open(lh_embedded_server* server, size_t index, int is_half_open);
/* 1: new connections are refused. */
LH_API int lh_embedded_server_refuse(lh_embedded_server* server, size_t index, int is_refusing);
/* As SIGSTOP and SIGCONT do. */
LH_API int lh_embedded_server_pause(lh_embedded_server* server, size_t index);
LH_API int lh_embedded_server_resume(lh_embedded_server* server, size_t index);
/* As SIGKILL does, and the start afterwards, on the same port and with the same data. */
LH_API int lh_embedded_server_kill(lh_embedded_server* server, size_t index);
LH_API int lh_embedded_server_restart(lh_embedded_server* server, size_t index);
/* Replies and watch events reach their client this long after they were made. */
LH_API int lh_embedded_server_delay(lh_embedded_server* server, int64_t delay_ms);

/* What an observer sees; 0 for what is no server. */
LH_API size_t lh_embedded_server_sessions(lh_embedded_server* server);
LH_API size_t lh_embedded_server_connections(lh_embedded_server* server);
LH_API size_t lh_embedded_server_watches(lh_embedded_server* server);
LH_API size_t lh_embedded_server_ephemerals(lh_embedded_server* server);
/* Children of `path`. */
LH_API size_t lh_embedded_server_nodes(lh_embedded_server* server, const char* path);

#ifdef __cplusplus
}
#endif

#endif
