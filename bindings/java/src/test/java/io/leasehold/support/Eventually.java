package io.leasehold.support;

import static org.junit.jupiter.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for what nothing announces. */
public final class Eventually {
    /** Longer than anything here takes on a busy machine. */
    public static final Duration PATIENCE = Duration.ofSeconds(20);

    private Eventually() {}

    public static void eventually(String what, Callable<Boolean> condition) throws Exception {
        within(PATIENCE, what, condition);
    }

    /** Returns how long it took. */
    public static Duration within(Duration limit, String what, Callable<Boolean> condition)
        throws Exception {
        long begin = System.nanoTime();
        while (!condition.call()) {
            if (System.nanoTime() - begin > limit.toNanos()) {
                fail("not within " + limit + ": " + what);
            }
            Thread.sleep(2);
        }
        return Duration.ofNanos(System.nanoTime() - begin);
    }
}
