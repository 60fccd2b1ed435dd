package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.io.IOException;
import java.time.Instant;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class GuardTest extends ServerTest {
    private static final LockOptions SHORT =
        LockOptions.budget(ms(400)).withReserve(ms(100));

    @Test
    void answersWhatTheWorkAnswers() throws Exception {
        try (Lock lock = client.lock(path, LockOptions.budget(ms(5000)).withReserve(ms(500)))) {
            int answer = lock.call(context -> {
                assertEquals(path, context.path());
                assertEquals(lock.token(), context.token());
                assertTrue(context.valid());
                assertFalse(context.isStopRequested());
                assertTrue(context.remaining().compareTo(lock.remaining()) < 0);
                assertTrue(context.deadline().isAfter(Instant.now()));
                assertTrue(context.deadline().isBefore(lock.deadline()));
                return 42;
            });
            assertEquals(42, answer);
            lock.run(context -> assertTrue(context.valid()));
        }
    }

    @Test
    void letsExceptionsThrough() throws Exception {
        IOException thrown = new IOException("disk");
        try (Lock lock = client.lock(path)) {
            assertSame(thrown, assertThrows(IOException.class, () -> lock.run(context -> {
                throw thrown;
            })));
            assertEquals(0, thrown.getSuppressed().length);
            assertTrue(lock.valid());
        }
    }

    @Test
    void lateWorkIsRefused() throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        try (Lock lock = client.lock(path, SHORT)) {
            BudgetExceededException late = assertThrows(
                BudgetExceededException.class, () -> lock.call(context -> {
                    context.onStop(stop::countDown);
                    stop.await();
                    assertTrue(context.isStopRequested());
                    assertEquals(0, context.remaining().toNanos());
                    lock.lost().join();
                    return "late";
                }));
            assertEquals(path, late.path().orElseThrow());
            assertThrows(BudgetExceededException.class, () -> lock.call(context -> "too late"));
        }
    }

    @Test
    void lateExceptionSaysThatItWasLate() throws Exception {
        IOException thrown = new IOException("disk");
        try (Lock lock = client.lock(path, SHORT)) {
            assertThrows(IOException.class, () -> lock.run(context -> {
                lock.lost().join();
                throw thrown;
            }));
            assertInstanceOf(BudgetExceededException.class, thrown.getSuppressed()[0]);
        }
    }

    @Test
    void everyStopHandlerRunsOnceAndAtOnceIfItIsLate() throws Exception {
        CountDownLatch stops = new CountDownLatch(2);
        // Asked to stop early, with much time left to obey.
        LockOptions early = LockOptions.budget(ms(6000)).withReserve(ms(5700));
        try (Lock lock = client.lock(path, early)) {
            lock.run(context -> {
                context.onStop(stops::countDown);
                context.onStop(stops::countDown);
                stops.await();
                Thread[] ranOn = new Thread[1];
                context.onStop(() -> ranOn[0] = Thread.currentThread());
                assertSame(Thread.currentThread(), ranOn[0]);
            });
        }
    }

    @Test
    void contextThatIsOverIsHarmless() throws Exception {
        CallContext[] kept = new CallContext[1];
        try (Lock lock = client.lock(path)) {
            lock.run(context -> kept[0] = context);
        }
        assertTrue(kept[0].isStopRequested());
        assertFalse(kept[0].valid());
        assertEquals(0, kept[0].token());
        assertEquals(0, kept[0].remaining().toNanos());
        assertThrows(IllegalStateException.class, () -> kept[0].onStop(() -> { }));
    }

    @Test
    void stageAnswers() throws Exception {
        try (Lock lock = client.lock(path)) {
            CompletableFuture<Integer> work = new CompletableFuture<>();
            CompletableFuture<Integer> answer = lock.callAsync(context -> work);
            assertFalse(answer.isDone());
            work.complete(42);
            assertEquals(42, answer.join());
            ExecutionException failed = assertThrows(
                ExecutionException.class,
                () -> lock.callAsync(context -> CompletableFuture.supplyAsync(() -> {
                          throw new IllegalCallerException();
                      })).get());
            assertInstanceOf(IllegalCallerException.class, failed.getCause());
        }
    }

    @Test
    void stageIsCancelledAtItsDeadline() throws Exception {
        CompletableFuture<Integer> work = new CompletableFuture<>();
        try (Lock lock = client.lock(path, SHORT)) {
            ExecutionException failed = assertThrows(
                ExecutionException.class, () -> lock.callAsync(context -> work).get());
            assertTrue(work.isCancelled());
            BudgetExceededException late =
                assertInstanceOf(BudgetExceededException.class, failed.getCause());
            assertEquals(path, late.path().orElseThrow());
        }
    }

    @Test
    void cancellingTheAnswerCancelsTheStage() throws Exception {
        CompletableFuture<Integer> work = new CompletableFuture<>();
        try (Lock lock = client.lock(path)) {
            CompletableFuture<Integer> answer = lock.callAsync(context -> work);
            answer.cancel(true);
            assertTrue(work.isCancelled());
            assertThrows(CancellationException.class, answer::join);
            assertTrue(lock.valid());
        }
    }

    @Test
    void workThatBeginsNothingFails() throws Exception {
        try (Lock lock = client.lock(path)) {
            CompletableFuture<Integer> nothing = lock.callAsync(context -> null);
            assertInstanceOf(NullPointerException.class,
                             assertThrows(ExecutionException.class, nothing::get).getCause());
        }
    }
}
