/* Waiting for an operation in a way that Ctrl-C can end: an operation that was begun, and a
 * semaphore that its callback posts without ever asking for the GIL.
 *
 * The thread that waits gives up with lh_py_waiter_abandon; then the callback, or whichever of the
 * two comes last, frees what the operation answers. A lock among it is thereby released.
 */
#ifndef LEASEHOLD_PYTHON_WAITER_H
#define LEASEHOLD_PYTHON_WAITER_H

#include <leasehold/leasehold.h>

#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

typedef struct lh_py_waiter {
    sem_t answered;
    atomic_int steps; /* the callback and the waiting thread are done with it: 2 */
    lh_lock* lock;
    lh_contenders* contenders;
    lh_error* error;
} lh_py_waiter;

/* A signal that arrives just before the wait begins does not interrupt it. */
#define LH_PY_WAIT_SLICE_NS 100000000

static lh_py_waiter* lh_py_waiter_new(void) {
    lh_py_waiter* waiter = calloc(1, sizeof *waiter);
    if (waiter != NULL)
        sem_init(&waiter->answered, 0, 0);
    return waiter;
}

static void lh_py_waiter_step(lh_py_waiter* waiter) {
    if (atomic_fetch_add(&waiter->steps, 1) == 0)
        return;
    lh_lock_free(waiter->lock);
    lh_contenders_free(waiter->contenders);
    lh_error_free(waiter->error);
    sem_destroy(&waiter->answered);
    free(waiter);
}

/* 1 when the operation has ended; 0 when there may be a signal to look after. */
static int lh_py_waiter_wait(lh_py_waiter* waiter) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LH_PY_WAIT_SLICE_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        ++until.tv_sec;
    }
    return sem_clockwait(&waiter->answered, CLOCK_MONOTONIC, &until) == 0;
}

/* What it answered, once lh_py_waiter_wait has returned 1. Frees the waiter. */
static void lh_py_waiter_take(lh_py_waiter* waiter, void** value, lh_error** error) {
    *value = waiter->lock != NULL ? (void*)waiter->lock : (void*)waiter->contenders;
    *error = waiter->error;
    waiter->lock = NULL;
    waiter->contenders = NULL;
    waiter->error = NULL;
    lh_py_waiter_step(waiter);
}

static void lh_py_waiter_abandon(lh_py_waiter* waiter) {
    lh_py_waiter_step(waiter);
}

static void lh_py_waiter_answer(lh_py_waiter* waiter) {
    sem_post(&waiter->answered);
    lh_py_waiter_step(waiter);
}

static void lh_py_wait_done(void* user, lh_error* error) {
    lh_py_waiter* waiter = user;
    waiter->error = error;
    lh_py_waiter_answer(waiter);
}

static void lh_py_wait_lock(void* user, lh_lock* lock, lh_error* error) {
    lh_py_waiter* waiter = user;
    waiter->lock = lock;
    lh_py_wait_done(waiter, error);
}

static void lh_py_wait_contenders(void* user, lh_contenders* contenders, lh_error* error) {
    lh_py_waiter* waiter = user;
    waiter->contenders = contenders;
    lh_py_wait_done(waiter, error);
}

#endif
