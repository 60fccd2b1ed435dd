package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class AsyncTest extends ServerTest {
    @Test
    void completesWithALock() throws Exception {
        try (Lock lock = client.lockAsync(path, LockOptions.defaults()).join()) {
            assertTrue(lock.valid());
            CompletionException refused = assertThrows(
                CompletionException.class, () -> other.lockAsync(path, TRY).join());
            assertInstanceOf(WaitExpiredException.class, refused.getCause());
        }
    }

    @Test
    void cancelledAcquisitionLeavesTheQueue() throws Exception {
        try (Lock lock = client.lock(path)) {
            CompletableFuture<Lock> waiting = other.lockAsync(path, PATIENT);
            eventually("it queues", () -> contenders() == 2);
            assertTrue(waiting.cancel(true));
            eventually("it has left", () -> contenders() == 1);
            assertTrue(lock.valid());
        }
    }

    @Test
    void timeoutOfTheFutureLeavesTheQueueToo() throws Exception {
        try (Lock lock = client.lock(path)) {
            CompletableFuture<Lock> waiting =
                other.lockAsync(path, PATIENT).orTimeout(50, TimeUnit.MILLISECONDS);
            ExecutionException late = assertThrows(ExecutionException.class, waiting::get);
            assertInstanceOf(TimeoutException.class, late.getCause());
            eventually("it has left", () -> contenders() == 1);
            assertTrue(lock.valid());
        }
    }

    /** Whatever the moment: cancelled or granted, and nothing stays behind. */
    @Test
    void cancelAtTheMomentOfTheGrantLeaksNothing() throws Exception {
        int cancelled = 0;
        for (int i = 0; i < 200; ++i) {
            CompletableFuture<Lock> asked = client.lockAsync(path, LockOptions.defaults());
            LockSupport.parkNanos(i * 5_000L);
            if (asked.cancel(true)) {
                ++cancelled;
            } else {
                asked.join().close();
            }
        }
        eventually("nothing is left", () -> contenders() == 0);
        eventually("nothing is held", () -> client.stats().locksHeld() == 0);
        assertTrue(cancelled > 0, "none was cancelled");
    }

    @Test
    void futuresAreCompletedOnTheExecutor() throws Exception {
        ExecutorService executor = Executors.newSingleThreadExecutor(
            task -> new Thread(task, "mine"));
        try (Client mine = Client.connect(server.connectString(),
                                          server.clientOptions().withExecutor(executor))) {
            Lock first = other.lock(path);
            // Registered before it is complete: else the stage runs here.
            CompletableFuture<String> thread =
                mine.lockAsync(path, PATIENT).thenApply(lock -> {
                    lock.close();
                    return Thread.currentThread().getName();
                });
            first.close();
            assertEquals("mine", thread.join());
            executor.shutdown();
            assertTrue(mine.lockAsync(path, LockOptions.defaults()).join().valid(),
                       "a future is completed although its executor is shut down");
        }
    }

    /** What a stage does is nobody else's matter. */
    @Test
    void stuckStageHoldsUpNobody() throws Exception {
        CountDownLatch end = new CountDownLatch(1);
        CountDownLatch stuck = new CountDownLatch(1);
        Lock first = other.lock(path);
        CompletableFuture<Void> stage = client.lockAsync(path, PATIENT).thenAccept(lock -> {
            stuck.countDown();
            waitFor(end);
            lock.close();
        });
        first.close();
        stuck.await();
        try (Lock blocking = client.lock(path + "-b");
             Lock async = client.lockAsync(path + "-c", LockOptions.defaults()).join()) {
            assertTrue(blocking.valid() && async.valid());
        }
        assertFalse(stage.isDone());
        end.countDown();
        stage.join();
    }

    /** Said, and not done for ever. */
    @Test
    void waitingOnTheClientsOwnThreadIsRefused() throws Exception {
        try (Client inline =
                 Client.connect(server.connectString(),
                                server.clientOptions().withExecutor(Runnable::run))) {
            Lock first = other.lock(path);
            CompletableFuture<Lock> stage = inline.lockAsync(path, PATIENT).thenApply(lock -> {
                try (lock) {
                    return inline.lock(path + "-inner");
                } catch (InterruptedException interrupted) {
                    throw new CompletionException(interrupted);
                }
            });
            first.close();
            ExecutionException failed = assertThrows(ExecutionException.class, stage::get);
            LeaseholdException refused =
                assertInstanceOf(LeaseholdException.class, failed.getCause());
            assertEquals(ErrorCode.WOULD_DEADLOCK, refused.code());
            inline.lock(path).close();
        }
    }

    @Test
    void blockingCallsWorkInsideStages() {
        boolean isBoth =
            client.lockAsync(path, LockOptions.defaults())
                .thenApply(lock -> {
                    try (lock; Lock inner = client.lock(path + "-inner")) {
                        inner.release(ms(5000));
                        return lock.valid();
                    } catch (InterruptedException interrupted) {
                        throw new CompletionException(interrupted);
                    }
                })
                .join();
        assertTrue(isBoth);
    }

    @Test
    void closingTheClientEndsWhatWaits() throws Exception {
        try (Lock lock = client.lock(path)) {
            CompletableFuture<Lock> waiting = other.lockAsync(path, PATIENT);
            eventually("it queues", () -> client.contenders(path).size() == 2);
            other.close();
            ExecutionException closed = assertThrows(ExecutionException.class, waiting::get);
            assertEquals(ErrorCode.CLOSED,
                         assertInstanceOf(ClosedException.class, closed.getCause()).code());
            assertTrue(lock.valid());
        }
    }

    private static void waitFor(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new CompletionException(interrupted);
        }
    }
}
