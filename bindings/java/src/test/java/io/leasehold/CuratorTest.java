package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One lock, Curator's InterProcessMutex and ours. */
class CuratorTest extends ServerTest {
    private CuratorFramework curator;

    @BeforeEach
    void startCurator() throws Exception {
        curator = CuratorFrameworkFactory.newClient(server.connectString(), 10_000, 10_000,
                                                    new RetryOneTime(100));
        curator.start();
        assertTrue(curator.blockUntilConnected(20, TimeUnit.SECONDS));
    }

    @AfterEach
    void stopCurator() {
        curator.close();
    }

    @Test
    void theirsKeepsOursOut() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(curator, path);
        mutex.acquire();
        assertThrows(WaitExpiredException.class, () -> client.lock(path, TRY));
        CompletableFuture<Lock> ours = client.lockAsync(path, PATIENT);
        eventually("ours queues", () -> contenders() == 2);
        assertFalse(ours.isDone());
        mutex.release();
        ours.join().close();
    }

    @Test
    void oursKeepsTheirsOut() throws Exception {
        InterProcessMutex mutex = new InterProcessMutex(curator, path);
        Lock lock = client.lock(path);
        assertFalse(mutex.acquire(100, TimeUnit.MILLISECONDS));
        CompletableFuture<Void> theirs = CompletableFuture.runAsync(() -> {
            try {
                mutex.acquire();
                mutex.release();
            } catch (Exception failure) {
                throw new IllegalStateException(failure);
            }
        });
        eventually("theirs queues", () -> contenders() == 2);
        assertFalse(theirs.isDone());
        lock.close();
        theirs.join();
    }

    /**
     * Ours, theirs, ours, ...: who came first goes first. Ours is another session each time, since
     * the callers of one share a place.
     */
    @Test
    void queueIsServedInItsOrder() throws Exception {
        List<Integer> order = new CopyOnWriteArrayList<>();
        List<CompletableFuture<Void>> all = new ArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        Lock first = other.lock(path);
        for (int i = 0; i < 6; ++i) {
            int place = i;
            all.add(CompletableFuture.runAsync(() -> {
                if (place % 2 == 1) {
                    theirsInTurn(() -> order.add(place));
                    return;
                }
                try (Client each =
                         Client.connect(server.connectString(), server.clientOptions())) {
                    oursInTurn(each, () -> order.add(place));
                }
            }, threads));
            eventually("number " + i + " queues", () -> contenders() == place + 2);
        }
        first.close();
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
        assertEquals(List.of(0, 1, 2, 3, 4, 5), order);
        threads.shutdown();
    }

    @Test
    void neverTwoAtATime() throws Exception {
        AtomicInteger inside = new AtomicInteger();
        AtomicInteger done = new AtomicInteger();
        Runnable alone = () -> {
            assertEquals(1, inside.incrementAndGet());
            done.incrementAndGet();
            inside.decrementAndGet();
        };
        List<CompletableFuture<Void>> all = new ArrayList<>();
        ExecutorService threads = Executors.newCachedThreadPool();
        for (int i = 0; i < 4; ++i) {
            boolean isOurs = i % 2 == 0;
            all.add(CompletableFuture.runAsync(() -> {
                for (int round = 0; round < 25; ++round) {
                    if (isOurs) {
                        oursInTurn(client, alone);
                    } else {
                        theirsInTurn(alone);
                    }
                }
            }, threads));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new)).join();
        assertEquals(100, done.get());
        threads.shutdown();
    }

    private void oursInTurn(Client mine, Runnable work) {
        try (Lock lock = mine.lock(path, PATIENT)) {
            work.run();
            assertTrue(lock.valid());
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private void theirsInTurn(Runnable work) {
        InterProcessMutex mutex = new InterProcessMutex(curator, path);
        try {
            mutex.acquire();
            work.run();
            mutex.release();
        } catch (Exception failure) {
            throw new IllegalStateException(failure);
        }
    }
}
