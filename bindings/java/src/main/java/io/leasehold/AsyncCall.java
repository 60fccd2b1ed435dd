package io.leasehold;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Function;

/** A guarded call whose work is a stage: cancelled at the call's deadline. */
final class AsyncCall<T> {
    private final CallContext context;
    private final CompletableFuture<T> work;
    private final CompletableFuture<T> answer = new CompletableFuture<>();
    private volatile boolean isStopped;

    private AsyncCall(CallContext context, CompletableFuture<T> work) {
        this.context = context;
        this.work = work;
    }

    static <T> CompletableFuture<T> start(
        CallContext context, Function<? super CallContext, ? extends CompletionStage<T>> begin,
        Executor executor) {
        CompletableFuture<T> work;
        try {
            work = begin.apply(context).toCompletableFuture();
        } catch (Throwable failure) {
            end(context, failure);
            return CompletableFuture.failedFuture(failure);
        }
        AsyncCall<T> call = new AsyncCall<>(context, work);
        context.onStop(() -> Threads.execute(executor, call::stop));
        work.whenComplete(call::finish);
        call.answer.whenComplete((value, error) -> work.cancel(true));
        return call.answer;
    }

    /** Ends it beside a failure; null if the lock was ours. */
    static RuntimeException end(CallContext context, Throwable failure) {
        try {
            context.end();
            return null;
        } catch (RuntimeException lost) {
            if (failure != null) {
                failure.addSuppressed(lost);
            }
            return lost;
        }
    }

    private void stop() {
        isStopped = true;
        work.cancel(true);
    }

    private void finish(T value, Throwable error) {
        Throwable cause =
            error instanceof CompletionException && error.getCause() != null ? error.getCause()
                                                                             : error;
        boolean isOurs = isStopped && cause instanceof CancellationException;
        RuntimeException lost = end(context, isOurs ? null : cause);
        if (isOurs) {
            answer.completeExceptionally(lost != null ? lost : cancelled());
        } else if (cause != null) {
            answer.completeExceptionally(cause);
        } else if (lost != null) {
            answer.completeExceptionally(lost);
        } else {
            answer.complete(value);
        }
    }

    private LeaseholdException cancelled() {
        return new BudgetExceededException(
            ErrorDetail.of(ErrorCode.BUDGET_EXCEEDED,
                           "the call under " + context.path() + " was cancelled at its deadline",
                           context.path()));
    }
}
