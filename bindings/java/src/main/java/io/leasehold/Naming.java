package io.leasehold;

/** Whose names our nodes look like, so that both queue together. In the order of {@code lh_naming}. */
public enum Naming {
    /** One queue with Curator's InterProcessMutex. */
    CURATOR,
    /** With Curator's InterProcessReadWriteLock. */
    CURATOR_READ_WRITE,
    /** With kazoo's Lock, WriteLock and ReadLock. */
    KAZOO
}
