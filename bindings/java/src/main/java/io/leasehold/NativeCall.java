package io.leasehold;

/** The guarded calls of leasehold.h. */
final class NativeCall {
    private NativeCall() {}

    static native long begin(long lock);

    /** Throws if the lock was not ours to the end. */
    static native void end(long call);

    static native long remainingNanos(long call);

    static native boolean stopRequested(long call);

    static native boolean valid(long call);

    static native long token(long call);

    static native void onStop(long call, long id);
}
