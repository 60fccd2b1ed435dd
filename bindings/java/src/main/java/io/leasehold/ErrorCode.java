package io.leasehold;

/** What went wrong: the {@code lh_code} of leasehold.h, with its numbers. */
public enum ErrorCode {
    /** A string, path, duration or option is malformed. */
    INVALID_ARGUMENT(1),
    /** The lease arithmetic cannot honour the budget. */
    BUDGET_REFUSED(2),
    /** Not acquired within the wait. */
    WAIT_EXPIRED(3),
    /** More contenders ahead than the options allow. */
    QUEUE_FULL(4),
    /** At the observed pace the wait would expire first. */
    HOPELESS_WAIT(5),
    /** The list of contenders exceeds the frame cap. */
    QUEUE_TOO_LONG(6),
    /** The path's sequence counter is worn out. */
    SEQUENCE_EXHAUSTED(7),
    /** The guarded call came back late; the lock is released. */
    BUDGET_EXCEEDED(8),
    /** Session or node gone, or the safe deadline passed; final. */
    LOCK_LOST(9),
    /** ACL or authentication refuses us. */
    NOT_PERMITTED(10),
    /** No server could be reached in time. */
    NO_SERVER(11),
    /** The server sent what ZooKeeper's protocol does not allow. */
    PROTOCOL_ERROR(12),
    /** The session ended while the operation was under way. */
    SESSION_EXPIRED(13),
    /** The connection went away after sending: the effect is unknown. */
    CONNECTION_LOST(14),
    /** Cancelled before it took effect. */
    CANCELLED(15),
    /** The client is closed or closing. */
    CLOSED(16),
    /** A blocking call on the client's own I/O thread. */
    WOULD_DEADLOCK(17),
    /** A queue or buffer of the client is at its cap. */
    OVERLOADED(18),
    /** This server, or a read-only connection, cannot do it. */
    UNSUPPORTED(19),
    /** Used in a forked child. */
    FORKED(20),
    /** The connect string's chroot does not exist. */
    NO_CHROOT(21),
    /** The operation's own time limit passed. */
    TIMED_OUT(22),
    /** A guarded function threw. */
    CALL_FAILED(23),
    /** The semaphore has another number of permits. */
    PERMITS_DISAGREE(24),
    /** Contenders are in the queue that would not see ours. */
    MIXED_QUEUE(25),
    /** A fenced resource has seen a newer token. */
    STALE_TOKEN(26),
    /** No TLS connection that can be trusted; the message says why. */
    TLS_FAILED(27),
    /** SASL did not prove who we are; the message says why. */
    AUTH_FAILED(28),
    /** The lock, client or call was closed before. */
    INVALID_HANDLE(1001),
    /** The system's; the message has its text. */
    SYSTEM_ERROR(1002),
    /** No memory. */
    OUT_OF_MEMORY(1003),
    /** An answer of ZooKeeper's own; {@link LeaseholdException#number()} is its number. */
    ZOOKEEPER(-1),
    /** A number that this version does not know. */
    UNKNOWN(Integer.MAX_VALUE);

    private final int number;

    ErrorCode(int number) {
        this.number = number;
    }

    /** Its number in leasehold.h. */
    public int number() {
        return number;
    }

    static ErrorCode of(int number) {
        if (number < 0) {
            return ZOOKEEPER;
        }
        for (ErrorCode each : values()) {
            if (each.number == number) {
                return each;
            }
        }
        return UNKNOWN;
    }
}
