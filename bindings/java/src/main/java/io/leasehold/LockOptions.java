package io.leasehold;

import io.leasehold.internal.Text;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/** One acquisition; immutable. The defaults are those of the C interface. */
public final class LockOptions {
    // Places in the numbers and texts, as options.cpp reads them.
    private static final int KIND = 0;
    private static final int NAMING = 1;
    private static final int WAIT = 2;
    private static final int BUDGET = 3;
    private static final int ON_BUDGET = 4;
    private static final int PERMITS = 5;
    private static final int RESERVE = 6;
    private static final int MAX_HOLD = 7;
    private static final int LOCK_DELAY = 8;
    private static final int KEEP_IDLE = 9;
    private static final int MAX_QUEUE = 10;
    private static final int MAX_LOCAL_GRANTS = 11;
    private static final int CHECK_FIRST = 12;
    private static final int REFUSE_HOPELESS = 13;
    private static final int ACCEPT_SHORTENED = 14;
    private static final int WATCH_OWN_NODE = 15;
    private static final int NUMBERS = 16;
    private static final int OWNER = 0;
    private static final int TRACE_ID = 1;
    private static final int TEXTS = 2;

    private static final LockOptions DEFAULTS =
        new LockOptions(new Packed(NativeLibrary.lockDefaults(), TEXTS));

    final Packed packed;

    private LockOptions(Packed packed) {
        this.packed = packed;
    }

    public static LockOptions defaults() {
        return DEFAULTS;
    }

    /** The defaults, and how long the lock may be held. */
    public static LockOptions budget(Duration budget) {
        return DEFAULTS.withBudget(budget);
    }

    /** With others who share. */
    public static LockOptions shared() {
        return DEFAULTS.withKind(LockKind.SHARED);
    }

    /** Shared, until {@link Lock#upgrade} makes it exclusive. */
    public static LockOptions upgradable() {
        return DEFAULTS.withKind(LockKind.UPGRADABLE);
    }

    /** One permit of a semaphore of this many. */
    public static LockOptions permitOf(int permits) {
        return DEFAULTS.withKind(LockKind.PERMIT).with(PERMITS, permits);
    }

    public LockOptions withKind(LockKind kind) {
        return with(KIND, Objects.requireNonNull(kind, "kind").ordinal());
    }

    /** How long to queue, connecting included; zero tries. 5 s. */
    public LockOptions withWait(Duration wait) {
        return with(WAIT, Millis.of(wait, "wait"));
    }

    /** How long the granted lock may be held. 10 s. */
    public LockOptions withBudget(Duration budget) {
        return with(BUDGET, Millis.of(budget, "budget"));
    }

    public LockOptions withOnBudget(OnBudget onBudget) {
        return with(ON_BUDGET, Objects.requireNonNull(onBudget, "onBudget").ordinal());
    }

    /** The work is asked to stop this long before the deadline. A tenth of the budget, or 500 ms. */
    public LockOptions withReserve(Duration reserve) {
        return with(RESERVE, Millis.of(reserve, "reserve"));
    }

    /** With {@link OnBudget#HOLD_UNTIL_RETURN}. Twice the budget. */
    public LockOptions withMaxHold(Duration maxHold) {
        return with(MAX_HOLD, Millis.of(maxHold, "maxHold"));
    }

    /** For how long the next one holds back after a hold that was not released. */
    public LockOptions withLockDelay(Duration lockDelay) {
        return with(LOCK_DELAY, Millis.of(lockDelay, "lockDelay"));
    }

    /** For how long a released lock is kept for our own next caller. */
    public LockOptions withKeepIdle(Duration keepIdle) {
        return with(KEEP_IDLE, Millis.of(keepIdle, "keepIdle"));
    }

    /** Refuse when more are ahead; 0, the default: no bound. */
    public LockOptions withMaxQueue(int maxQueue) {
        return with(MAX_QUEUE, maxQueue);
    }

    /** Callers of this process in a row while others wait. 4. */
    public LockOptions withMaxLocalGrants(int maxLocalGrants) {
        return with(MAX_LOCAL_GRANTS, maxLocalGrants);
    }

    /** Read before writing: a try on a busy lock writes nothing. */
    public LockOptions withCheckFirst(boolean isWanted) {
        return with(CHECK_FIRST, isWanted ? 1 : 0);
    }

    /** Refuse at once what would wait in vain. True. */
    public LockOptions withRefuseHopeless(boolean isWanted) {
        return with(REFUSE_HOPELESS, isWanted ? 1 : 0);
    }

    /** Take a lock whose safe deadline is nearer than its budget. True. */
    public LockOptions withAcceptShortened(boolean isWanted) {
        return with(ACCEPT_SHORTENED, isWanted ? 1 : 0);
    }

    /** Notice an operator's delete, and requests to let go, at once. */
    public LockOptions withWatchOwnNode(boolean isWanted) {
        return with(WATCH_OWN_NODE, isWanted ? 1 : 0);
    }

    public LockOptions withNaming(Naming naming) {
        return with(NAMING, Objects.requireNonNull(naming, "naming").ordinal());
    }

    /** Of our node. Creator only if there are credentials, else open. */
    public LockOptions withAcl(List<Acl> acl) {
        return new LockOptions(packed.withAcl(NUMBERS, TEXTS, acl));
    }

    /** Shown to those who wait for us. The client's. */
    public LockOptions withOwner(String owner) {
        return new LockOptions(packed.withText(OWNER, Text.utf8(owner, "owner")));
    }

    /** Shown beside the owner. */
    public LockOptions withTraceId(String traceId) {
        return new LockOptions(packed.withText(TRACE_ID, Text.utf8(traceId, "traceId")));
    }

    private LockOptions with(int index, long number) {
        return new LockOptions(packed.with(index, number));
    }
}
