package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ChildJvm;
import io.leasehold.support.ExitingHolder;
import io.leasehold.support.ServerTest;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Virtual machines that end while they hold a lock: it is free at once, and they do not hang. */
class ExitTest extends ServerTest {
    private static final int TERMINATED = 128 + 15;
    /** Not the session's 20 s, nor the lock's budget of 10 s. */
    private static final Duration AT_ONCE = Duration.ofSeconds(3);

    private void endsAndFrees(String how, int expected) throws Exception {
        try (ChildJvm holder =
                 ChildJvm.start(ExitingHolder.class, server.connectString(), path, how)) {
            holder.awaitLine("held");
            assertEquals(1, contenders());
            long begin = System.nanoTime();
            if (how.equals("signal")) {
                holder.terminate();
            } else {
                holder.go();
            }
            try (Lock next = client.lock(path, PATIENT)) {
                Duration waited = Duration.ofNanos(System.nanoTime() - begin);
                assertTrue(waited.compareTo(AT_ONCE) < 0, "free after " + waited);
                assertTrue(next.valid());
            }
            assertEquals(expected, holder.awaitExit(AT_ONCE));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"exit", "stuck", "stage"})
    void exitCalled(String how) throws Exception {
        endsAndFrees(how, ExitingHolder.CODE);
    }

    @Test
    void terminated() throws Exception {
        endsAndFrees("signal", TERMINATED);
    }

    @Test
    void mainReturns() throws Exception {
        endsAndFrees("return", 0);
    }
}
