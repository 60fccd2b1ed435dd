package io.leasehold;

/** What a lock shuts out. In the order of {@code lh_lock_kind}. */
public enum LockKind {
    EXCLUSIVE,
    /** With others who share; no fencing token. */
    SHARED,
    /** One of the permits of a semaphore. */
    PERMIT,
    /** Shared, but one at a time, and {@link Lock#upgrade} makes it exclusive. */
    UPGRADABLE
}
