package io.leasehold;

import java.util.function.IntConsumer;

/**
 * Where C calls back, on the two threads of a client that are for that. Nothing is thrown back into
 * C: what a handler throws goes where uncaught exceptions go.
 */
final class Upcalls {
    /** Takes one event of the log. */
    interface LogSink {
        void accept(int level, byte[] event, byte[][] names, byte[][] values);
    }

    private Upcalls() {}

    /** The end of an operation: its value (a handle, a number, or 0), or why it failed. */
    static void finished(long id, long value, Throwable error) {
        Threads.enterCallback();
        try {
            if (Registry.remove(id) instanceof Operation<?> operation) {
                operation.finish(value, error);
            }
        } catch (Throwable failure) {
            Threads.uncaught(failure);
        } finally {
            Threads.leaveCallback();
        }
    }

    static void event(long id, int value) {
        try {
            if (Registry.find(id) instanceof IntConsumer handler) {
                handler.accept(value);
            }
        } catch (Throwable failure) {
            Threads.uncaught(failure);
        }
    }

    static void log(long id, int level, byte[] event, byte[][] names, byte[][] values) {
        try {
            if (Registry.find(id) instanceof LogSink sink) {
                sink.accept(level, event, names, values);
            }
        } catch (Throwable failure) {
            Threads.uncaught(failure);
        }
    }
}
