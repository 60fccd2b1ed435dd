package io.leasehold;

import io.leasehold.internal.Text;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * How a client reaches its ensemble and how far it trusts it; immutable. The defaults are those of
 * the C interface.
 */
public final class ClientOptions {
    // Places in the numbers and texts, as options.cpp reads them.
    private static final int SESSION_TIMEOUT = 0;
    private static final int TICK = 1;
    private static final int SYNC_LIMIT = 2;
    private static final int STANDALONE = 3;
    private static final int ACK_GAP = 4;
    private static final int MARGIN = 5;
    private static final int CONNECT_TIMEOUT = 6;
    private static final int BACKOFF_MIN = 7;
    private static final int BACKOFF_MAX = 8;
    private static final int MAX_CONNECTS_PER_SECOND = 9;
    private static final int MAX_FRAME_BYTES = 10;
    private static final int MAX_PENDING = 11;
    private static final int ORPHAN_LIMIT = 12;
    private static final int SERVER_VERSION = 0;
    private static final int OWNER = 1;
    private static final int TEXTS = 2;

    private static final ClientOptions DEFAULTS = new ClientOptions(
        new Packed(NativeLibrary.clientDefaults(), TEXTS), NativeLibrary.clockDriftDefault(), null,
        Threads.POOL);

    final Packed packed;
    final double clockDrift;
    final System.Logger logger; // null: silent
    final Executor executor;

    private ClientOptions(Packed packed, double clockDrift, System.Logger logger,
                          Executor executor) {
        this.packed = packed;
        this.clockDrift = clockDrift;
        this.logger = logger;
        this.executor = executor;
    }

    public static ClientOptions defaults() {
        return DEFAULTS;
    }

    /** Asked of the server. 40 s. */
    public ClientOptions withSessionTimeout(Duration sessionTimeout) {
        return with(SESSION_TIMEOUT, Millis.of(sessionTimeout, "sessionTimeout"));
    }

    /** The ensemble's tickTime, or more: the lease rests on it. 2 s. */
    public ClientOptions withTick(Duration tick) {
        return with(TICK, Millis.of(tick, "tick"));
    }

    /** The ensemble's syncLimit, or more. 5. */
    public ClientOptions withSyncLimit(int ticks) {
        return with(SYNC_LIMIT, ticks);
    }

    /** True only if the ensemble is one standalone server. */
    public ClientOptions withStandalone(boolean isStandalone) {
        return with(STANDALONE, isStandalone ? 1 : 0);
    }

    /** The longest time to a reply that counts. The lesser of 2 s and the tick. */
    public ClientOptions withAckGap(Duration ackGap) {
        return with(ACK_GAP, Millis.of(ackGap, "ackGap"));
    }

    /** Bound on the relative rate of clocks. 0.01. */
    public ClientOptions withClockDrift(double clockDrift) {
        return new ClientOptions(packed, clockDrift, logger, executor);
    }

    /** Taken off every deadline. 250 ms. */
    public ClientOptions withMargin(Duration margin) {
        return with(MARGIN, Millis.of(margin, "margin"));
    }

    /** Of one attempt. 5 s. */
    public ClientOptions withConnectTimeout(Duration connectTimeout) {
        return with(CONNECT_TIMEOUT, Millis.of(connectTimeout, "connectTimeout"));
    }

    /** Between failed attempts. 100 ms, and a twentieth of the session timeout. */
    public ClientOptions withBackoff(Duration min, Duration max) {
        return with(BACKOFF_MIN, Millis.of(min, "min")).with(BACKOFF_MAX, Millis.of(max, "max"));
    }

    public ClientOptions withMaxConnectsPerSecond(int attempts) {
        return with(MAX_CONNECTS_PER_SECOND, attempts);
    }

    /** The largest reply that is accepted. 4 MiB. */
    public ClientOptions withMaxFrameBytes(long bytes) {
        return with(MAX_FRAME_BYTES, notNegative(bytes, "maxFrameBytes"));
    }

    /** Requests, acquisitions and watches at once. 100000. */
    public ClientOptions withMaxPending(long count) {
        return with(MAX_PENDING, notNegative(count, "maxPending"));
    }

    /** After which a node that cannot be deleted costs the session. 60 s. */
    public ClientOptions withOrphanLimit(Duration orphanLimit) {
        return with(ORPHAN_LIMIT, Millis.of(orphanLimit, "orphanLimit"));
    }

    /** E.g. "3.8.0"; asked of the server if it is not given. */
    public ClientOptions withServerVersion(String serverVersion) {
        return withText(SERVER_VERSION, Text.utf8(serverVersion, "serverVersion"));
    }

    /** Shown to others as the owner of our locks. The program's name. */
    public ClientOptions withOwner(String owner) {
        return withText(OWNER, Text.utf8(owner, "owner"));
    }

    /** Is told what the client logs. Silent without. */
    public ClientOptions withLogger(System.Logger logger) {
        return new ClientOptions(packed, clockDrift, Objects.requireNonNull(logger, "logger"),
                                 executor);
    }

    /**
     * Completes the futures, tells of the state, and logs. Daemon threads of our own without. One that
     * runs tasks where it gets them holds up the client, and a stage that blocks there is refused.
     */
    public ClientOptions withExecutor(Executor executor) {
        return new ClientOptions(packed, clockDrift, logger,
                                 Objects.requireNonNull(executor, "executor"));
    }

    private static long notNegative(long value, String what) {
        if (value < 0) {
            throw new IllegalArgumentException(what + " is negative: " + value);
        }
        return value;
    }

    private ClientOptions with(int index, long number) {
        return new ClientOptions(packed.with(index, number), clockDrift, logger, executor);
    }

    private ClientOptions withText(int index, byte[] text) {
        return new ClientOptions(packed.withText(index, text), clockDrift, logger, executor);
    }
}
