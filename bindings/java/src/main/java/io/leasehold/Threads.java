package io.leasehold;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
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

    private Threads() {}

    /** On the executor that the user gave us, or on ours if that one is shut down. */
    static void execute(Executor executor, Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException refused) {
            POOL.execute(task);
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
