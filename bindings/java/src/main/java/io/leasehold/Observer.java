package io.leasehold;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** Follows who leads at a path. One call at a time. */
public final class Observer implements AutoCloseable {
    private final Client client;
    private final String path;
    private final Handle handle;

    Observer(Client client, String path, long observer) {
        this.client = client;
        this.path = path;
        handle = new Handle(observer, NativeQueue::freeObserver);
        handle.freeWithGarbage(this, "an observer", () -> false);
    }

    /**
     * The first call answers with the leader there is, each later one when it is another; empty:
     * nobody leads.
     *
     * @throws ConnectionException of {@link ErrorCode#TIMED_OUT}: ask again
     */
    public Optional<Contender> next(Duration timeout) throws InterruptedException {
        return Operation.await(plan(), Millis.of(timeout, "timeout"),
                               () -> new ConnectionException(ErrorDetail.of(
                                   ErrorCode.TIMED_OUT, "no other leader within " + timeout, path)));
    }

    public CompletableFuture<Optional<Contender>> nextAsync() {
        return Operation.async(plan(), client.executor());
    }

    private Operation.Plan<Optional<Contender>> plan() {
        return new Operation.Plan<>(id -> NativeQueue.next(handle.value, id), Observer::leaderOf,
                                    ignored -> { });
    }

    /** A list of one, or of none. */
    static Optional<Contender> leaderOf(long list) {
        List<Contender> leaders = Contender.take(list);
        return leaders.isEmpty() ? Optional.empty() : Optional.of(leaders.get(0));
    }

    /** Ends a call that is under way with a CancellationException. */
    @Override
    public void close() {
        handle.close();
    }
}
