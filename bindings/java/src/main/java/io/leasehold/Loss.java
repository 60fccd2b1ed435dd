package io.leasehold;

/** Why a lock ended. In the order of {@code lh_loss}. */
public enum Loss {
    RELEASED,
    BUDGET,
    /** The safe deadline passed without fresh evidence. */
    DEADLINE,
    SESSION_EXPIRED,
    NODE_DELETED,
    CLOSED,
    /** A server refused our SASL credentials on a new connection. */
    AUTH_FAILED;

    private static final Loss[] ALL = values();

    static Loss of(long number) {
        return ALL[(int) number];
    }
}
