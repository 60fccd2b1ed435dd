package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.Eventually;
import io.leasehold.testing.EmbeddedServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Everything at the same time, on connections that break: nothing crashes, and nothing is left. */
@Timeout(60)
class StressTest {
    private static final int THREADS = 6;
    private static final int PATHS = 3;
    private static final Duration RUN = Duration.ofSeconds(4);
    private static final LockOptions OPTIONS = LockOptions.budget(Duration.ofMillis(500))
                                                   .withWait(Duration.ofMillis(300));

    private final AtomicBoolean isOver = new AtomicBoolean();
    private final AtomicLong granted = new AtomicLong();
    private final AtomicLong[] newest = new AtomicLong[PATHS];
    private final List<Throwable> wrong = new CopyOnWriteArrayList<>();

    @Test
    void nothingIsLeft() throws Exception {
        long seed = System.nanoTime();
        System.out.println("seed " + seed);
        for (int i = 0; i < PATHS; ++i) {
            newest[i] = new AtomicLong();
        }
        int before = Registry.size();
        try (EmbeddedServer server = EmbeddedServer.start();
             Client client = Client.connect(server.connectString(), server.clientOptions());
             Client other = Client.connect(server.connectString(), server.clientOptions())) {
            client.waitConnected(Eventually.PATIENCE);
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < THREADS; ++i) {
                Random random = new Random(seed + i);
                Client mine = i % 2 == 0 ? client : other;
                Thread thread = new Thread(() -> work(mine, random));
                thread.start();
                threads.add(thread);
            }
            disturb(server, threads, new Random(seed - 1));
            for (Thread thread : threads) {
                thread.join();
            }
            assertTrue(wrong.isEmpty(), wrong.toString());
            assertTrue(granted.get() > 50, "only " + granted + " were granted");
            for (int i = 0; i < PATHS; ++i) {
                String path = "/stress-" + i;
                eventually(path + " is free", () -> server.nodes(path) == 0);
            }
            eventually("none is held", () -> client.stats().locksHeld() == 0
                                             && other.stats().locksHeld() == 0);
        }
        eventually("nothing is left", () -> Registry.size() == before);
    }

    private void disturb(EmbeddedServer server, List<Thread> threads, Random random)
        throws InterruptedException {
        long end = System.nanoTime() + RUN.toNanos();
        for (int round = 0; System.nanoTime() < end; ++round) {
            threads.get(random.nextInt(threads.size())).interrupt();
            if (round % 20 == 0) {
                server.cut(EmbeddedServer.EVERY_SERVER);
            }
            Thread.sleep(random.nextInt(30));
        }
        isOver.set(true);
    }

    private void work(Client client, Random random) {
        while (!isOver.get()) {
            try {
                once(client, random, random.nextInt(PATHS));
            } catch (InterruptedException | LeaseholdException | CancellationException expected) {
                // Busy, cut, interrupted, or cancelled.
            } catch (CompletionException failed) {
                if (!(failed.getCause() instanceof LeaseholdException)) {
                    wrong.add(failed);
                }
            } catch (Throwable failure) {
                wrong.add(failure);
            }
        }
    }

    private void once(Client client, Random random, int index) throws Exception {
        String path = "/stress-" + index;
        switch (random.nextInt(6)) {
            case 0 -> {
                try (Lock lock = client.lock(path, OPTIONS)) {
                    admit(lock, index);
                }
            }
            case 1 -> {
                try (Lock lock = client.lock(path, OPTIONS); Lock more = lock.again()) {
                    lock.release(Duration.ofMillis(random.nextInt(20)));
                    more.valid();
                }
            }
            case 2 -> {
                CompletableFuture<Lock> asked = client.lockAsync(path, OPTIONS);
                Thread.sleep(random.nextInt(3));
                if (!asked.cancel(true) && !asked.isCompletedExceptionally()) {
                    asked.join().close();
                }
            }
            case 3 -> {
                try (Lock lock = client.lock(path, OPTIONS)) {
                    lock.onJeopardy(jeopardy -> { });
                    lock.run(context -> {
                        context.onStop(() -> { });
                        admit(lock, index);
                    });
                }
            }
            case 4 -> client.lockAsync(path, OPTIONS)
                .thenCompose(lock -> lock.callAsync(context -> CompletableFuture.supplyAsync(
                                              () -> context.token()))
                                         .whenComplete((token, error) -> lock.close()))
                .join();
            default -> client.contenders(path);
        }
    }

    /** While it is valid nobody has a larger token. */
    private void admit(Lock lock, int index) {
        granted.incrementAndGet();
        long token = lock.token();
        long seen = newest[index].getAndAccumulate(token, Math::max);
        if (lock.valid() && seen > token) {
            wrong.add(new AssertionError("token " + token + " after " + seen));
        }
    }
}
