package io.leasehold;

import io.leasehold.internal.Text;
import java.lang.ref.Reference;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * A granted lock. It is released by {@link #close}, at the end of its budget, or when it is lost,
 * whichever comes first; a lock that is dropped without that is closed when it is garbage, with a
 * warning. Not bound to a thread.
 */
public final class Lock implements AutoCloseable {
    private static final LockKind[] KINDS = LockKind.values();

    private final Client client;
    private final List<String> paths;
    private final HandlerSlot jeopardyHandler = new HandlerSlot();
    private final HandlerSlot requestHandler = new HandlerSlot();
    private final Handle handle;

    Lock(Client client, List<String> paths, long lock) {
        this.client = client;
        this.paths = paths;
        handle = new Handle(lock, NativeLock::free, jeopardyHandler, requestHandler);
        handle.freeWithGarbage(this, "the lock at " + paths.get(0), () -> NativeLock.valid(lock));
    }

    /** True while nobody else can hold the lock; once false it stays so. Costs next to nothing. */
    public boolean valid() {
        return NativeLock.valid(handle.value);
    }

    /** How long it is valid; it may still grow, up to the budget. Zero once it ended. */
    public Duration remaining() {
        return Duration.ofNanos(NativeLock.remainingNanos(handle.value));
    }

    /** Until when, as the system's clock goes at this moment. */
    public Instant deadline() {
        return Instant.now().plus(remaining());
    }

    /**
     * The fencing token: positive, and larger than every earlier exclusive holder's of this path. 0,
     * which every resource has to refuse: a shared hold, or a lock that was closed.
     */
    public long token() {
        return NativeLock.token(handle.value);
    }

    public LockKind kind() {
        int kind = NativeLock.kind(handle.value);
        if (kind < 0) {
            throw new IllegalStateException("closed before");
        }
        return KINDS[kind];
    }

    /** Whether the safe deadline was nearer than the budget when it was granted. */
    public boolean isShortened() {
        return NativeLock.isShortened(handle.value);
    }

    /** Whether the work under the lock should stop. */
    public boolean isStopRequested() {
        return NativeLock.stopRequested(handle.value);
    }

    /** As they were given. */
    public List<String> paths() {
        return paths;
    }

    /** Our nodes on the paths; empty once it is closed. */
    public List<String> nodes() {
        return IntStream.range(0, paths.size())
            .mapToObj(i -> NativeLock.node(handle.value, i))
            .filter(Objects::nonNull)
            .map(Text::of)
            .toList();
    }

    /** One more handle to the same hold; the lock is released when the last one is. */
    public Lock again() {
        return new Lock(client, paths, NativeLock.again(handle.value));
    }

    /** Releases the lock and returns at once. Never throws. */
    @Override
    public void close() {
        handle.close();
    }

    /** Ends the lock, and waits until its node is gone. */
    public void release(Duration timeout) throws InterruptedException {
        Operation.await(releasePlan(), Millis.of(timeout, "timeout"),
                        () -> late("the release of " + paths.get(0)
                                   + " was not confirmed within " + timeout));
    }

    public CompletableFuture<Void> releaseAsync() {
        return Operation.async(releasePlan(), client.executor());
    }

    private Operation.Plan<Void> releasePlan() {
        return new Operation.Plan<>(id -> NativeLock.release(handle.value, id), ignored -> {
            handle.close();
            return null;
        }, ignored -> { });
    }

    private LeaseholdException late(String message) {
        return new ConnectionException(
            ErrorDetail.of(ErrorCode.TIMED_OUT, message, paths.get(0)));
    }

    /** A new budget, counted from now; {@link BudgetRefusedException} leaves the lock as it was. */
    public void extend(Duration budget) throws InterruptedException {
        Operation.await(extendPlan(budget));
    }

    public CompletableFuture<Void> extendAsync(Duration budget) {
        return Operation.async(extendPlan(budget), client.executor());
    }

    private Operation.Plan<Void> extendPlan(Duration budget) {
        long budgetMs = Millis.of(budget, "budget");
        return Operation.Plan.ofEnd(id -> NativeLock.extend(handle.value, id, budgetMs));
    }

    /** Turns an exclusive hold into a shared one, letting nobody in between who does not share. */
    public void downgrade() throws InterruptedException {
        Operation.await(downgradePlan());
    }

    public CompletableFuture<Void> downgradeAsync() {
        return Operation.async(downgradePlan(), client.executor());
    }

    private Operation.Plan<Void> downgradePlan() {
        return Operation.Plan.ofEnd(id -> NativeLock.downgrade(handle.value, id));
    }

    /** Makes an upgradable lock exclusive; waits for those who share it. */
    public void upgrade(Duration wait) throws InterruptedException {
        Operation.await(upgradePlan(wait));
    }

    public CompletableFuture<Void> upgradeAsync(Duration wait) {
        return Operation.async(upgradePlan(wait), client.executor());
    }

    private Operation.Plan<Void> upgradePlan(Duration wait) {
        long waitMs = Millis.of(wait, "wait");
        return Operation.Plan.ofEnd(id -> NativeLock.upgrade(handle.value, id, waitMs));
    }

    /** Completes when the lock has ended, at once if it has. Cancelling it leaves the lock alone. */
    public CompletableFuture<Loss> lost() {
        long lock = handle.value; // not this: a lock that is dropped meanwhile is garbage
        return Operation.async(new Operation.Plan<>(id -> NativeLock.lost(lock, id), Loss::of,
                                                    ignored -> { }),
                               client.executor());
    }

    /**
     * {@code true}: there is no fresh evidence and the deadline no longer moves; {@code false}: there
     * is again. On the notifier thread; replaces the handler before, null removes it.
     */
    public void onJeopardy(Consumer<Boolean> handler) {
        jeopardyHandler.set(handler == null ? null : value -> handler.accept(value != 0),
                            id -> NativeLock.onJeopardy(handle.value, id));
    }

    /**
     * Somebody asks us to let go; needs {@link LockOptions#withWatchOwnNode}. On the notifier thread;
     * replaces the handler before, null removes it.
     */
    public void onRequested(Runnable handler) {
        requestHandler.set(handler == null ? null : ignored -> handler.run(),
                           id -> NativeLock.onRequested(handle.value, id));
    }

    /**
     * Runs the work on this thread. What it answers counts only if the lock was ours to its end:
     * otherwise this throws {@link BudgetExceededException} or {@link LockLostException}. What the
     * work throws passes through. Work that never ends delays nobody else: the lock is released at
     * its deadline all the same.
     */
    public <T, X extends Exception> T call(GuardedCall<T, X> work) throws X {
        Objects.requireNonNull(work, "work");
        CallContext context = CallContext.begin(paths.get(0), handle.value);
        try {
            T answer;
            try {
                answer = work.run(context);
            } catch (Throwable failure) {
                AsyncCall.end(context, failure);
                throw failure;
            }
            context.end();
            return answer;
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    /** {@link #call} for work that answers nothing. */
    public <X extends Exception> void run(GuardedRun<X> work) throws X {
        Objects.requireNonNull(work, "work");
        this.<Void, X>call(context -> {
            work.run(context);
            return null;
        });
    }

    /**
     * The same for work that is a stage: it is cancelled at the call's deadline, and the answer is
     * then a {@link BudgetExceededException}. Cancelling the answer cancels the work.
     */
    public <T> CompletableFuture<T> callAsync(
        Function<? super CallContext, ? extends CompletionStage<T>> work) {
        Objects.requireNonNull(work, "work");
        CallContext context;
        try {
            context = CallContext.begin(paths.get(0), handle.value);
        } catch (LeaseholdException ended) {
            return CompletableFuture.failedFuture(ended);
        }
        CompletableFuture<T> answer = AsyncCall.start(context, work, client.executor());
        answer.whenComplete((value, error) -> Reference.reachabilityFence(this));
        return answer;
    }
}
