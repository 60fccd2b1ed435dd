package io.leasehold;

/** What leasehold.h tells of contenders and leaders. */
final class NativeQueue {
    /** How many numbers and texts {@link #numbers} and {@link #texts} have for each entry. */
    static final int NUMBERS = 9;
    static final int TEXTS = 7;

    private NativeQueue() {}

    static native long contenders(long client, long id, byte[] path);

    static native long leader(long client, long id, byte[] path);

    static native long requestRelease(long client, byte[] path);

    static native long[] numbers(long contenders);

    static native byte[][] texts(long contenders);

    static native void free(long contenders);

    static native long observe(long client, byte[] path);

    static native long next(long observer, long id);

    static native void freeObserver(long observer);
}
