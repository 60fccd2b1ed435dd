package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.RecordingLogger;
import io.leasehold.support.ServerTest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Code of the user's that does not come back, seen from another session. */
class StuckTest extends ServerTest {
    private static final Duration BUDGET = ms(1000);
    private static final Duration GRACE = ms(250);

    /** Blocks in the work of a guarded call; the other session has the lock after the budget. */
    @Test
    void stuckCallDelaysNoRelease() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        Lock lock = client.lock(path, LockOptions.budget(BUDGET));
        long begin = System.nanoTime();
        CompletableFuture<Void> stuck = CompletableFuture.runAsync(() -> lock.run(context -> {
            waitFor(end);
        }));
        try (Lock next = other.lock(path, PATIENT)) {
            assertInTime(begin);
            assertTrue(next.token() > 0);
        }
        end.countDown();
        assertEquals(BudgetExceededException.class,
                     assertThrows(Exception.class, stuck::join).getCause().getClass());
        lock.close();
    }

    /** Blocks the notifier thread and a stage at the same time. */
    @Test
    void stuckHandlersDelayNoReleaseAndNoHeartbeat() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch stopStuck = new CountDownLatch(1);
        CountDownLatch stageStuck = new CountDownLatch(1);
        Lock first = client.lock(path + "-first", LockOptions.budget(ms(600)));
        CompletableFuture<Void> guarded = first.callAsync(context -> {
            context.onStop(() -> {
                stopStuck.countDown();
                waitFor(end);
            });
            return new CompletableFuture<Void>();
        });
        Lock before = other.lock(path + "-stage");
        CompletableFuture<Void> stage =
            client.lockAsync(path + "-stage", PATIENT).thenAccept(lock -> {
                stageStuck.countDown();
                waitFor(end);
                lock.close();
            });
        before.close();
        stopStuck.await();
        stageStuck.await();
        long pings = client.stats().pings();
        Lock lock = client.lock(path, LockOptions.budget(BUDGET));
        long begin = System.nanoTime();
        try (Lock next = other.lock(path, PATIENT)) {
            assertInTime(begin);
            assertTrue(next.valid());
        }
        eventually("heartbeats go on", () -> client.stats().pings() > pings + 1);
        assertEquals(ClientState.CONNECTED, client.state());
        end.countDown();
        stage.join();
        assertThrows(Exception.class, guarded::join);
        first.close();
        lock.close();
    }

    @Test
    void stuckLoggerHoldsUpNobody() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch stuck = new CountDownLatch(1);
        System.Logger logger = new RecordingLogger(new ArrayList<>()) {
            @Override
            public boolean isLoggable(Level level) {
                stuck.countDown();
                waitFor(end);
                return false;
            }
        };
        try (Client logging = Client.connect(server.connectString(),
                                             server.clientOptions().withLogger(logger))) {
            stuck.await();
            try (Lock blocking = logging.lock(path);
                 Lock async = logging.lockAsync(path + "-b", LockOptions.defaults()).join()) {
                assertTrue(blocking.valid() && async.valid());
            }
        } finally {
            end.countDown();
        }
    }

    private static void assertInTime(long begin) {
        Duration taken = Duration.ofNanos(System.nanoTime() - begin);
        assertTrue(taken.compareTo(BUDGET.plus(GRACE)) <= 0, "the next one waited for " + taken);
        assertTrue(taken.compareTo(BUDGET.minus(GRACE)) >= 0, "the next one came after " + taken);
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }
}
