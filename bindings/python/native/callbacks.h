/* The way from leasehold's threads into Python.
 *
 * What leasehold is given as `user` is a number, never an object: a callback that comes late finds
 * nothing under its number, and that is all. Each callback passes a gate that
 *
 *  - lets nobody in once the interpreter has begun to end, since there is nothing to call any more;
 *  - catches a thread that the ending interpreter wants to end in the middle of a callback. It must
 *    not be unwound through leasehold's frames, so it rests here until the process is gone;
 *  - never waits for the GIL on behalf of a destroy function, which may be called on any thread.
 */
#ifndef LEASEHOLD_PYTHON_CALLBACKS_H
#define LEASEHOLD_PYTHON_CALLBACKS_H

#include <leasehold/leasehold.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* The functions in Python; cffi defines them below. */
static void lh_py_done(void* user, lh_error* error);
static void lh_py_lock(void* user, lh_lock* lock, lh_error* error);
static void lh_py_contenders(void* user, lh_contenders* contenders, lh_error* error);
static void lh_py_lost(void* user, int loss, lh_error* error);
static void lh_py_state(void* user, int state);
static void lh_py_jeopardy(void* user, int is_in_jeopardy);
static void lh_py_notice(void* user);
static void lh_py_log(void* user, int level, const char* event, const char* const* names,
                      const char* const* values, size_t fields);

static atomic_int lh_py_inside;    /* callbacks that are in Python, or about to be */
static atomic_int lh_py_is_closed; /* nobody is let in */

static int lh_py_enter(void) {
    atomic_fetch_add(&lh_py_inside, 1);
    if (!atomic_load(&lh_py_is_closed))
        return 1;
    atomic_fetch_sub(&lh_py_inside, 1);
    return 0;
}

static void lh_py_rest(void* unused) {
    (void)unused;
    for (;;)
        pause();
}

/* Runs `call` inside the gate, `otherwise` if it is closed. */
#define LH_PY_PASS(call, otherwise)             \
    do {                                        \
        if (!lh_py_enter()) {                   \
            otherwise;                          \
            break;                              \
        }                                       \
        pthread_cleanup_push(lh_py_rest, NULL); \
        call;                                   \
        pthread_cleanup_pop(0);                 \
        atomic_fetch_sub(&lh_py_inside, 1);     \
    } while (0)

static void lh_py_gate_done(void* user, lh_error* error) {
    LH_PY_PASS(lh_py_done(user, error), lh_error_free(error));
}

static void lh_py_gate_lock(void* user, lh_lock* lock, lh_error* error) {
    LH_PY_PASS(lh_py_lock(user, lock, error), (lh_lock_free(lock), lh_error_free(error)));
}

static void lh_py_gate_contenders(void* user, lh_contenders* contenders, lh_error* error) {
    LH_PY_PASS(lh_py_contenders(user, contenders, error),
               (lh_contenders_free(contenders), lh_error_free(error)));
}

static void lh_py_gate_lost(void* user, int loss, lh_error* error) {
    LH_PY_PASS(lh_py_lost(user, loss, error), lh_error_free(error));
}

static void lh_py_gate_state(void* user, int state) {
    LH_PY_PASS(lh_py_state(user, state), );
}

static void lh_py_gate_jeopardy(void* user, int is_in_jeopardy) {
    LH_PY_PASS(lh_py_jeopardy(user, is_in_jeopardy), );
}

static void lh_py_gate_notice(void* user) {
    LH_PY_PASS(lh_py_notice(user), );
}

static void lh_py_gate_log(void* user, int level, const char* event, const char* const* names,
                           const char* const* values, size_t fields) {
    LH_PY_PASS(lh_py_log(user, level, event, names, values, fields), );
}

/* For a logger that drops debug events: they shall not cost the GIL each. */
static void lh_py_gate_log_without_debug(void* user, int level, const char* event,
                                         const char* const* names, const char* const* values,
                                         size_t fields) {
    if (level > LH_DEBUG)
        lh_py_gate_log(user, level, event, names, values, fields);
}

/* The numbers of handlers that will not be called any more, until Python takes them. */
typedef struct lh_py_destroyed {
    uintptr_t number;
    struct lh_py_destroyed* next;
} lh_py_destroyed;

static _Atomic(lh_py_destroyed*) lh_py_destroyed_list;

static void lh_py_gate_destroy(void* user) {
    lh_py_destroyed* entry = malloc(sizeof *entry);
    if (entry == NULL)
        return; /* its handler is kept for nothing; that is all */
    entry->number = (uintptr_t)user;
    entry->next = atomic_load(&lh_py_destroyed_list);
    while (!atomic_compare_exchange_weak(&lh_py_destroyed_list, &entry->next, entry))
        ;
}

/* All of them; each is freed by lh_py_free_destroyed, which returns the next. */
static lh_py_destroyed* lh_py_take_destroyed(void) {
    return atomic_exchange(&lh_py_destroyed_list, NULL);
}

static uintptr_t lh_py_destroyed_number(lh_py_destroyed* entry) {
    return entry->number;
}

static lh_py_destroyed* lh_py_free_destroyed(lh_py_destroyed* entry) {
    lh_py_destroyed* const next = entry->next;
    free(entry);
    return next;
}

/* Closes the gates, and waits until nobody is inside; 0 if somebody still is after `patience_ms`.
 */
static int lh_py_stop_callbacks(int patience_ms) {
    const struct timespec millisecond = {0, 1000000};
    atomic_store(&lh_py_is_closed, 1);
    while (atomic_load(&lh_py_inside) != 0 && patience_ms-- > 0)
        nanosleep(&millisecond, NULL);
    return atomic_load(&lh_py_inside) == 0;
}

/* The threads that were inside are the parent's. */
static void lh_py_after_fork(void) {
    atomic_store(&lh_py_inside, 0);
}

#endif
