package io.leasehold;

import io.leasehold.internal.Text;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

/**
 * A connection to an ensemble, over which all locks of a process go. Make one for a process.
 *
 * <p>Every function may be called from any thread, also inside handlers. A thread that is
 * interrupted in a blocking one gets an InterruptedException, and what it asked for is taken back.
 */
public final class Client implements AutoCloseable {
    private final Handle handle;
    private final Executor executor;
    private final HandlerSlot stateHandler = new HandlerSlot();

    private Client(String hosts, ClientOptions options) {
        byte[] utf8 = Text.utf8(hosts, "hosts");
        executor = options.executor;
        long logId = options.logger == null
            ? 0
            : Registry.add(new LogBridge(options.logger, executor));
        long client;
        try {
            client = NativeClient.connect(utf8, options.packed.numbers, options.clockDrift,
                                          options.packed.texts, logId);
        } catch (Throwable refused) {
            Registry.remove(logId);
            throw refused;
        }
        handle = handleOf(client, logId, stateHandler);
        handle.freeWithGarbage(this, "a client", () -> true);
        Shutdown.add(handle);
    }

    /** Not a lambda in the constructor, which would hold the client itself. */
    private static Handle handleOf(long client, long logId, HandlerSlot stateHandler) {
        Handle[] self = new Handle[1];
        self[0] = new Handle(client, each -> {
            NativeClient.free(each);
            Registry.remove(logId);
            Shutdown.remove(self[0]);
        }, stateHandler);
        return self[0];
    }

    /** The version of the native library, e.g. "0.1.0". */
    public static String version() {
        return Text.of(NativeLibrary.version());
    }

    /** With the default options. */
    public static Client connect(String hosts) {
        return connect(hosts, ClientOptions.defaults());
    }

    /**
     * Starts a client and returns at once; connecting goes on behind it and never gives up.
     *
     * @param hosts "host:port,host:port/chroot"
     */
    public static Client connect(String hosts, ClientOptions options) {
        return new Client(hosts, options);
    }

    /**
     * Invalidates all locks, ends what is under way, closes the session, and returns within 1 s
     * whether or not the server answered.
     */
    @Override
    public void close() {
        handle.close();
    }

    /**
     * Waits until it is connected. If it is not in time, fails with {@link ErrorCode#NO_SERVER}, or
     * with what is in the way, such as {@link ErrorCode#TLS_FAILED}.
     */
    public void waitConnected(Duration timeout) throws InterruptedException {
        Operation.await(connectedPlan(), Millis.of(timeout, "timeout"),
                        () -> whyNotConnected(timeout));
    }

    private LeaseholdException whyNotConnected(Duration timeout) {
        try {
            NativeClient.checkConnected(handle.value);
        } catch (LeaseholdException why) {
            return why;
        }
        return new ConnectionException(
            ErrorDetail.of(ErrorCode.NO_SERVER, "not connected within " + timeout, ""));
    }

    public CompletableFuture<Void> waitConnectedAsync() {
        return Operation.async(connectedPlan(), executor);
    }

    private Operation.Plan<Void> connectedPlan() {
        return Operation.Plan.ofEnd(id -> NativeClient.waitConnected(handle.value, id));
    }

    /** Credentials, e.g. "digest" and "user:password", for this connection and every later one. */
    public void addAuth(String scheme, byte[] secret) {
        NativeClient.addAuth(handle.value, Text.utf8(scheme, "scheme"),
                             Objects.requireNonNull(secret, "secret").clone());
    }

    public ClientState state() {
        return ClientState.of(NativeClient.state(handle.value));
    }

    /** Called on the executor, in order. Replaces the handler before; null removes it. */
    public void onStateChange(Consumer<ClientState> handler) {
        Executor inOrder = new SerialExecutor(executor);
        stateHandler.set(handler == null
                             ? null
                             : state -> inOrder.execute(
                                   () -> handler.accept(ClientState.of(state))),
                         id -> NativeClient.onStateChange(handle.value, id));
    }

    public ClientStats stats() {
        return ClientStats.of(NativeClient.stats(handle.value));
    }

    /** With the default options. */
    public Lock lock(String path) throws InterruptedException {
        return lock(path, LockOptions.defaults());
    }

    /** Takes the lock at {@code path}; answers by the end of the wait. */
    public Lock lock(String path, LockOptions options) throws InterruptedException {
        return Operation.await(lockPlan(path, options));
    }

    /**
     * Cancelling this future, or completing it in any other way, takes the acquisition back; a lock
     * that was granted in the same moment is released.
     */
    public CompletableFuture<Lock> lockAsync(String path, LockOptions options) {
        return Operation.async(lockPlan(path, options), executor);
    }

    private Operation.Plan<Lock> lockPlan(String path, LockOptions options) {
        byte[] utf8 = Text.utf8(path, "path");
        Packed packed = options.packed;
        return new Operation.Plan<>(
            id -> NativeClient.lock(handle.value, id, utf8, packed.numbers, packed.texts),
            lock -> new Lock(this, List.of(path), lock), Lock::close);
    }

    /** Takes the exclusive locks at all paths, or none, under one lease and one token. */
    public Lock lockAll(List<String> paths, LockOptions options) throws InterruptedException {
        return Operation.await(lockAllPlan(paths, options));
    }

    /** As {@link #lockAsync}. */
    public CompletableFuture<Lock> lockAllAsync(List<String> paths, LockOptions options) {
        return Operation.async(lockAllPlan(paths, options), executor);
    }

    private Operation.Plan<Lock> lockAllPlan(List<String> paths, LockOptions options) {
        List<String> all = List.copyOf(paths);
        byte[][] utf8 = all.stream().map(path -> Text.utf8(path, "path")).toArray(byte[][]::new);
        Packed packed = options.packed;
        return new Operation.Plan<>(
            id -> NativeClient.lockAll(handle.value, id, utf8, packed.numbers, packed.texts),
            lock -> new Lock(this, all, lock), Lock::close);
    }

    /** Becomes the leader of {@code path}; closing the lock resigns. */
    public Lock elect(String path, ElectOptions options) throws InterruptedException {
        return Operation.await(electPlan(path, options));
    }

    /** As {@link #lockAsync}. */
    public CompletableFuture<Lock> electAsync(String path, ElectOptions options) {
        return Operation.async(electPlan(path, options), executor);
    }

    private Operation.Plan<Lock> electPlan(String path, ElectOptions options) {
        byte[] utf8 = Text.utf8(path, "path");
        Packed packed = options.packed;
        return new Operation.Plan<>(
            id -> NativeClient.elect(handle.value, id, utf8, packed.numbers, packed.texts),
            lock -> new Lock(this, List.of(path), lock), Lock::close);
    }

    /** Who holds the lock at {@code path} and who waits for it, in order. */
    public List<Contender> contenders(String path) throws InterruptedException {
        return Operation.await(contendersPlan(path));
    }

    public CompletableFuture<List<Contender>> contendersAsync(String path) {
        return Operation.async(contendersPlan(path), executor);
    }

    private Operation.Plan<List<Contender>> contendersPlan(String path) {
        byte[] utf8 = Text.utf8(path, "path");
        return new Operation.Plan<>(id -> NativeQueue.contenders(handle.value, id, utf8),
                                    Contender::take, ignored -> { });
    }

    /** Who leads at {@code path}. */
    public Optional<Contender> leader(String path) throws InterruptedException {
        return Operation.await(leaderPlan(path));
    }

    public CompletableFuture<Optional<Contender>> leaderAsync(String path) {
        return Operation.async(leaderPlan(path), executor);
    }

    private Operation.Plan<Optional<Contender>> leaderPlan(String path) {
        byte[] utf8 = Text.utf8(path, "path");
        return new Operation.Plan<>(id -> NativeQueue.leader(handle.value, id, utf8),
                                    Observer::leaderOf, ignored -> { });
    }

    /** Follows who leads at {@code path}. */
    public Observer observe(String path) {
        return new Observer(this, path,
                            NativeQueue.observe(handle.value, Text.utf8(path, "path")));
    }

    /**
     * Asks those who hold the lock at {@code path} to let go, and says how many. Does not hear an
     * interrupt.
     */
    public long requestRelease(String path) {
        return NativeQueue.requestRelease(handle.value, Text.utf8(path, "path"));
    }

    Executor executor() {
        return executor;
    }
}
