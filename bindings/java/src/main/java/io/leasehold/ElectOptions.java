package io.leasehold;

import io.leasehold.internal.Text;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** One candidacy for leadership; immutable. The defaults are those of the C interface. */
public final class ElectOptions {
    // Places in the numbers and texts, as options.cpp reads them.
    private static final int WAIT = 0;
    private static final int RESERVE = 1;
    private static final int LOCK_DELAY = 2;
    private static final int NAMING = 3;
    private static final int NUMBERS = 4;
    private static final int PAYLOAD = 0;
    private static final int OWNER = 1;
    private static final int TRACE_ID = 2;
    private static final int TEXTS = 3;

    private static final ElectOptions DEFAULTS =
        new ElectOptions(new Packed(NativeLibrary.electDefaults(), TEXTS));

    final Packed packed;

    private ElectOptions(Packed packed) {
        this.packed = packed;
    }

    public static ElectOptions defaults() {
        return DEFAULTS;
    }

    /** The defaults, and what others are told of the leader, e.g. an address. */
    public static ElectOptions payload(String payload) {
        return DEFAULTS.withPayload(payload);
    }

    public ElectOptions withPayload(String payload) {
        return new ElectOptions(packed.withText(PAYLOAD, Text.utf8(payload, "payload")));
    }

    /** How long to stand; for ever is the default, and ChronoUnit.FOREVER; zero: if nobody leads. */
    public ElectOptions withWait(Duration wait) {
        return with(WAIT, Millis.ofWait(wait, "wait"));
    }

    /** The work is asked to stop this long before the deadline. 5 % of the session, or 500 ms. */
    public ElectOptions withReserve(Duration reserve) {
        return with(RESERVE, Millis.of(reserve, "reserve"));
    }

    /** For how long the next one holds back after a leader that did not resign. */
    public ElectOptions withLockDelay(Duration lockDelay) {
        return with(LOCK_DELAY, Millis.of(lockDelay, "lockDelay"));
    }

    public ElectOptions withNaming(Naming naming) {
        return with(NAMING, Objects.requireNonNull(naming, "naming").ordinal());
    }

    /** Of our node. Creator only if there are credentials, else open. */
    public ElectOptions withAcl(List<Acl> acl) {
        return new ElectOptions(packed.withAcl(NUMBERS, TEXTS, acl));
    }

    public ElectOptions withOwner(String owner) {
        return new ElectOptions(packed.withText(OWNER, Text.utf8(owner, "owner")));
    }

    public ElectOptions withTraceId(String traceId) {
        return new ElectOptions(packed.withText(TRACE_ID, Text.utf8(traceId, "traceId")));
    }

    private ElectOptions with(int index, long number) {
        return new ElectOptions(packed.with(index, number));
    }
}
