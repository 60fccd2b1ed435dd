package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class InterruptTest extends ServerTest {
    @Test
    void interruptEndsAWaitAndLeavesTheQueue() throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        try (Lock lock = client.lock(path)) {
            Thread waiter = new Thread(() -> {
                try {
                    other.lock(path, PATIENT).close();
                } catch (Throwable failure) {
                    thrown.set(failure);
                }
            });
            waiter.start();
            eventually("it queues", () -> contenders() == 2);
            waiter.interrupt();
            waiter.join(5000);
            assertFalse(waiter.isAlive());
            assertEquals(InterruptedException.class, thrown.get().getClass());
            eventually("it has left", () -> contenders() == 1);
            assertTrue(lock.valid());
        }
    }

    @Test
    void interruptedBeforeAsksForNothing() throws Exception {
        long requests = client.stats().grants();
        Thread.currentThread().interrupt();
        assertThrows(InterruptedException.class, () -> client.lock(path));
        assertFalse(Thread.currentThread().isInterrupted());
        assertEquals(requests, client.stats().grants());
    }

    /** At whatever moment the interrupt comes: a lock or an exception, and nothing left behind. */
    @Test
    void interruptAtTheMomentOfTheGrantLeaksNothing() throws Exception {
        AtomicInteger interrupted = new AtomicInteger();
        for (int i = 0; i < 200; ++i) {
            Thread asking = new Thread(() -> {
                try {
                    client.lock(path).close();
                } catch (InterruptedException expected) {
                    interrupted.incrementAndGet();
                }
            });
            asking.start();
            LockSupport.parkNanos(i * 5_000L);
            asking.interrupt();
            asking.join();
        }
        eventually("nothing is left", () -> contenders() == 0);
        eventually("nothing is held", () -> client.stats().locksHeld() == 0);
        assertTrue(interrupted.get() > 0, "none was interrupted");
    }
}
