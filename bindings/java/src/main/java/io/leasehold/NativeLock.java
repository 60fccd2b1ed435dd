package io.leasehold;

/** The lock functions of leasehold.h. What takes an id answers through {@link Upcalls}. */
final class NativeLock {
    private NativeLock() {}

    static native void free(long lock);

    static native boolean valid(long lock);

    static native long remainingNanos(long lock);

    static native long token(long lock);

    static native int kind(long lock);

    static native boolean isShortened(long lock);

    static native boolean stopRequested(long lock);

    /** Null from the count on. */
    static native byte[] node(long lock, long index);

    static native long again(long lock);

    static native long release(long lock, long id);

    static native long extend(long lock, long id, long budgetMs);

    static native long downgrade(long lock, long id);

    static native long upgrade(long lock, long id, long waitMs);

    static native long lost(long lock, long id);

    /** The id 0 removes the handler. */
    static native void onJeopardy(long lock, long id);

    /** The id 0 removes the handler. */
    static native void onRequested(long lock, long id);
}
