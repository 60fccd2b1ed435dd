package io.leasehold;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.IntConsumer;

/** What the work under a lock is told: until when it has time, and when to stop. */
public final class CallContext {
    private final String path;
    private final long call;
    private final List<Runnable> handlers = new ArrayList<>();
    private boolean isStopped;
    private long id; // 0 until the first handler

    private CallContext(String path, long call) {
        this.path = path;
        this.call = call;
    }

    static CallContext begin(String path, long lock) {
        return new CallContext(path, NativeCall.begin(lock));
    }

    /** Throws if the lock was not ours to the end. */
    void end() {
        try {
            NativeCall.end(call);
        } finally {
            synchronized (this) {
                Registry.remove(id);
            }
        }
    }

    public String path() {
        return path;
    }

    /**
     * When the work is asked to stop, as the system's clock goes at this moment. It may move while
     * the work runs; {@link #remaining} does not depend on a clock that somebody may set.
     */
    public Instant deadline() {
        return Instant.now().plus(remaining());
    }

    /** How long until then; zero if it is over. */
    public Duration remaining() {
        return Duration.ofNanos(NativeCall.remainingNanos(call));
    }

    /** True from the deadline on, and when the lock has ended. */
    public boolean isStopRequested() {
        return NativeCall.stopRequested(call);
    }

    /** Whether the lock is ours. */
    public boolean valid() {
        return NativeCall.valid(call);
    }

    /** The lock's fencing token. */
    public long token() {
        return NativeCall.token(call);
    }

    /**
     * Runs {@code handler} once when stop is requested: at once, here, if it has been, else on the
     * client's notifier thread; it delays other such handlers, so it should be quick. Not called
     * once the work has come back.
     */
    public void onStop(Runnable handler) {
        Objects.requireNonNull(handler, "handler");
        long first = 0;
        synchronized (this) {
            if (!isStopped) {
                handlers.add(handler);
                if (id != 0) {
                    return;
                }
                first = Registry.add((IntConsumer) ignored -> stop());
                id = first;
            }
        }
        if (first == 0) {
            handler.run();
            return;
        }
        try {
            NativeCall.onStop(call, first);
        } catch (Throwable over) {
            Registry.remove(first);
            throw over;
        }
    }

    private void stop() {
        List<Runnable> told;
        synchronized (this) {
            isStopped = true;
            told = List.copyOf(handlers);
            handlers.clear();
        }
        for (Runnable handler : told) {
            try {
                handler.run();
            } catch (Throwable failure) {
                Threads.uncaught(failure);
            }
        }
    }
}
