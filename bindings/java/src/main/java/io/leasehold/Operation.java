package io.leasehold;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import java.util.function.LongUnaryOperator;
import java.util.function.Supplier;

/**
 * One operation under way in C, and the future of its result. Blocking functions are one of these
 * and a wait for it: C's own blocking functions would not hear an interrupt.
 */
final class Operation<T> {
    /** What to do in C, and what to make of the answer. */
    record Plan<T>(LongUnaryOperator start, LongFunction<T> wrap, Consumer<? super T> discard) {
        static Plan<Void> ofEnd(LongUnaryOperator start) {
            return new Plan<>(start, ignored -> null, ignored -> { });
        }
    }

    private final Plan<T> plan;
    private final Executor executor; // null: the result is set by C's thread, for one that waits
    private final CompletableFuture<T> future = new CompletableFuture<>();
    private volatile long number;
    private volatile boolean isOver;

    private Operation(Plan<T> plan, Executor executor) {
        this.plan = plan;
        this.executor = executor;
    }

    private static <T> Operation<T> start(Plan<T> plan, Executor executor) {
        Operation<T> operation = new Operation<>(plan, executor);
        long id = Registry.add(operation);
        try {
            operation.number = plan.start.applyAsLong(id);
        } catch (Throwable refused) {
            Registry.remove(id);
            throw refused;
        }
        return operation;
    }

    /**
     * A future that is completed on the executor. If anybody else completes it first, by cancel() or
     * a timeout, the operation is taken back, and a result that comes all the same is given back.
     */
    static <T> CompletableFuture<T> async(Plan<T> plan, Executor executor) {
        Operation<T> operation;
        try {
            operation = start(plan, executor);
        } catch (LeaseholdException refused) {
            return CompletableFuture.failedFuture(refused);
        }
        operation.future.whenComplete((value, error) -> {
            if (!operation.isOver) {
                NativeLibrary.cancel(operation.number);
            }
        });
        return operation.future;
    }

    static <T> T await(Plan<T> plan) throws InterruptedException {
        checkMayWait();
        Operation<T> operation = start(plan, null);
        try {
            return operation.future.get();
        } catch (InterruptedException interrupted) {
            operation.abandon();
            throw interrupted;
        } catch (ExecutionException failed) {
            throw asOurs(failed.getCause());
        }
    }

    /** The same, and {@code late} is thrown when the time is over. */
    static <T> T await(Plan<T> plan, long timeoutMs, Supplier<LeaseholdException> late)
        throws InterruptedException {
        checkMayWait();
        Operation<T> operation = start(plan, null);
        try {
            return operation.future.get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (TimeoutException passed) {
            return operation.lastLook(late);
        } catch (InterruptedException interrupted) {
            operation.abandon();
            throw interrupted;
        } catch (ExecutionException failed) {
            throw asOurs(failed.getCause());
        }
    }

    /** What C has finished in the same moment counts: it will not be told again. */
    private T lastLook(Supplier<LeaseholdException> late) throws InterruptedException {
        if (NativeLibrary.cancel(number)) {
            throw late.get();
        }
        try {
            return future.get();
        } catch (ExecutionException failed) {
            throw asOurs(failed.getCause());
        }
    }

    private static void checkMayWait() throws InterruptedException {
        Threads.refuseToBlockCallbacks();
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    /** Of a thread that was interrupted: nobody will look at the result. */
    private void abandon() {
        NativeLibrary.cancel(number);
        if (!future.cancel(false) && !future.isCompletedExceptionally()) {
            plan.discard.accept(future.getNow(null));
        }
    }

    /** It was made on C's thread; whoever waited wants to see where. */
    private static RuntimeException asOurs(Throwable error) {
        error.fillInStackTrace();
        if (error instanceof Error fatal) {
            throw fatal;
        }
        return (RuntimeException) error;
    }

    void finish(long value, Throwable error) {
        isOver = true;
        if (error != null) {
            settle(() -> future.completeExceptionally(error));
            return;
        }
        T result;
        try {
            result = plan.wrap.apply(value);
        } catch (Throwable failure) { // out of memory, at most: but whoever waits is told
            settle(() -> future.completeExceptionally(failure));
            return;
        }
        settle(() -> {
            if (!future.complete(result)) {
                plan.discard.accept(result);
            }
        });
    }

    private void settle(Runnable task) {
        if (executor == null) {
            task.run();
        } else {
            Threads.execute(executor, task);
        }
    }
}
