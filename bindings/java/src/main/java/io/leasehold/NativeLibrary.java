package io.leasehold;

import io.leasehold.internal.Loader;

/**
 * What of leasehold.h belongs to no client: the version, codes, taking back, and defaults.
 *
 * <p>This class loads the library, and no other one does: options come first, and ask here for their
 * defaults. Loading looks up the other classes; if these loaded it as well, two threads that begin
 * with different ones would wait for each other.
 */
final class NativeLibrary {
    static {
        Loader.load(NativeLibrary.class, "leasehold_jni", "leasehold.library");
    }

    private NativeLibrary() {}

    static native byte[] version();

    static native byte[] codeName(int code);

    static native boolean cancel(long operation);

    /** The C structs' own defaults, in the order in which options.cpp writes and reads them. */
    static native long[] clientDefaults();

    static native double clockDriftDefault();

    static native long[] lockDefaults();

    static native long[] electDefaults();
}
