package io.leasehold.testing;

import io.leasehold.internal.Loader;

/** The functions of testing.h. The index -1 is every server. */
final class NativeServer {
    static {
        Loader.load(NativeServer.class, "leasehold_jni_testing", "leasehold.testing.library");
    }

    private NativeServer() {}

    static native long start(long servers, long tickMs, int port);

    static native void free(long server);

    static native byte[] connectString(long server);

    static native long[] clientOptions(long server, long sessionTimeoutMs);

    static native void expireSessions(long server);

    static native void cut(long server, long index);

    static native void halfOpen(long server, long index, boolean isHalfOpen);

    static native void refuse(long server, long index, boolean isRefusing);

    static native void pause(long server, long index);

    static native void resume(long server, long index);

    static native void kill(long server, long index);

    static native void restart(long server, long index);

    static native void delay(long server, long delayMs);

    static native long sessions(long server);

    static native long connections(long server);

    static native long watches(long server);

    static native long ephemerals(long server);

    static native long nodes(long server, byte[] path);
}
