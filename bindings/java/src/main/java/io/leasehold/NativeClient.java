package io.leasehold;

/** The client functions of leasehold.h. What takes an id answers through {@link Upcalls}. */
final class NativeClient {
    private NativeClient() {}

    static native long connect(byte[] hosts, long[] numbers, double clockDrift, byte[][] texts,
                               long logId);

    static native void free(long client);

    static native long waitConnected(long client, long id);

    static native void checkConnected(long client);

    static native void addAuth(long client, byte[] scheme, byte[] secret);

    static native int state(long client);

    /** The id 0 removes the handler. */
    static native void onStateChange(long client, long id);

    static native long[] stats(long client);

    static native long lock(long client, long id, byte[] path, long[] numbers, byte[][] texts);

    static native long lockAll(long client, long id, byte[][] paths, long[] numbers,
                               byte[][] texts);

    static native long elect(long client, long id, byte[] path, long[] numbers, byte[][] texts);
}
