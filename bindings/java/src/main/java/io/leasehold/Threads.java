package io.leasehold;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads on which user code runs that nobody waits for. Not the client's callback thread: every
 * blocking function waits for that one, and user code that blocked it would block them all.
 */
final class Threads {
    private static final AtomicInteger LAST = new AtomicInteger();
    private static final int IDLE_S = 10;

    /** Daemon threads, as many as are busy. */
    static final Executor POOL = new ThreadPoolExecutor(
        0, Integer.MAX_VALUE, IDLE_S, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, "leasehold-" + LAST.incrementAndGet());
            thread.setDaemon(true);
            return thread;
        });

    /** Set while a thread of C's tells of the end of an operation. */
    private static final ThreadLocal<Boolean> IS_IN_CALLBACK = new ThreadLocal<>();

    private Threads() {}

    static void enterCallback() {
        IS_IN_CALLBACK.set(true);
    }

    static void leaveCallback() {
        IS_IN_CALLBACK.remove();
    }

    /**
     * Refuses to wait in a stage of a future whose executor runs it at once, on the callback thread:
     * what is waited for would come on that thread.
     */
    static void refuseToBlockCallbacks() {
        if (IS_IN_CALLBACK.get() != null) {
            throw new LeaseholdException(ErrorDetail.of(
                ErrorCode.WOULD_DEADLOCK,
                "a blocking call in a stage whose executor runs it on the client's own thread", ""));
        }
    }

    /**
     * On the executor that the user gave us; on ours if that one refuses, as it does when it is shut
     * down; here if there are no more threads to be had. Somebody waits for the task to have run.
     */
    static void execute(Executor executor, Runnable task) {
        try {
            executor.execute(task);
            return;
        } catch (RuntimeException | Error refused) {
            // The next one.
        }
        try {
            POOL.execute(task);
        } catch (RuntimeException | Error refused) {
            task.run();
        }
    }

    static void uncaught(Throwable failure) {
        Thread thread = Thread.currentThread();
        try {
            thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
        } catch (Throwable ignored) {
            // As the virtual machine does with what a handler of uncaught exceptions throws.
        }
    }
}
