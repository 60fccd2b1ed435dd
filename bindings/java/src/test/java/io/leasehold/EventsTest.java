package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.Eventually;
import io.leasehold.support.RecordingLogger;
import io.leasehold.testing.EmbeddedServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is told of clients and locks, on a server that does what it is told. */
@Timeout(60)
class EventsTest {
    private EmbeddedServer server;
    private Client client;
    private Client other;

    @BeforeEach
    void connect() throws Exception {
        server = EmbeddedServer.start();
        client = Client.connect(server.connectString(), server.clientOptions());
        other = Client.connect(server.connectString(), server.clientOptions());
        client.waitConnected(Eventually.PATIENCE);
        other.waitConnected(Eventually.PATIENCE);
    }

    @AfterEach
    void disconnect() {
        client.close();
        other.close();
        server.close();
    }

    private static <T> T next(BlockingQueue<T> queue) throws InterruptedException {
        T next = queue.poll(Eventually.PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        assertTrue(next != null, "nothing was told");
        return next;
    }

    @Test
    void statesAreToldInOrder() throws Exception {
        BlockingQueue<ClientState> states = new LinkedBlockingQueue<>();
        client.onStateChange(states::add);
        server.refuse(EmbeddedServer.EVERY_SERVER, true);
        server.cut(EmbeddedServer.EVERY_SERVER);
        List<ClientState> seen = new ArrayList<>();
        while (!seen.contains(ClientState.JEOPARDY)) {
            seen.add(next(states));
        }
        server.refuse(EmbeddedServer.EVERY_SERVER, false);
        while (!seen.contains(ClientState.CONNECTED)) {
            seen.add(next(states));
        }
        assertTrue(seen.indexOf(ClientState.JEOPARDY) < seen.indexOf(ClientState.CONNECTED),
                   seen.toString());
        client.onStateChange(null);
        client.close();
        assertEquals(ClientState.CLOSED, client.state());
        assertTrue(states.isEmpty(), "no handler any more");
    }

    @Test
    void jeopardyIsTold() throws Exception {
        BlockingQueue<Boolean> told = new LinkedBlockingQueue<>();
        try (Lock lock = client.lock("/a")) {
            lock.onJeopardy(told::add);
            server.halfOpen(EmbeddedServer.EVERY_SERVER, true);
            assertTrue(next(told));
            server.halfOpen(EmbeddedServer.EVERY_SERVER, false);
            assertEquals(false, next(told));
        }
    }

    @Test
    void lossIsTold() throws Exception {
        Lock released = client.lock("/a");
        CompletableFuture<Loss> first = released.lost();
        released.close();
        assertEquals(Loss.RELEASED, first.join());
        try (Lock lock = client.lock("/a", LockOptions.budget(Duration.ofMillis(200)))) {
            assertEquals(Loss.BUDGET, lock.lost().join());
            assertEquals(Loss.BUDGET, lock.lost().join(), "also who asks late");
        }
        try (Lock lock = client.lock("/a")) {
            CompletableFuture<Loss> ignored = lock.lost();
            ignored.cancel(true);
            assertTrue(lock.valid(), "it was only asked");
            server.expireSessions();
            assertEquals(Loss.SESSION_EXPIRED, lock.lost().join());
            assertThrows(LockLostException.class, () -> lock.call(context -> 1));
        }
    }

    @Test
    void requestsToLetGoAreTold() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        try (Lock lock = client.lock("/a", LockOptions.defaults().withWatchOwnNode(true))) {
            lock.onRequested(asked::countDown);
            assertEquals(1, other.requestRelease("/a"));
            assertTrue(asked.await(Eventually.PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
            assertTrue(other.contenders("/a").get(0).isAsked());
        }
    }

    @Test
    void handlersMayCallBackIn() throws Exception {
        BlockingQueue<Object> told = new LinkedBlockingQueue<>();
        try (Lock lock = client.lock("/a", LockOptions.defaults().withWatchOwnNode(true))) {
            lock.onRequested(() -> {
                try (Lock inner = client.lock("/b")) {
                    inner.release(Eventually.PATIENCE);
                    told.add(client.lockAsync("/c", LockOptions.defaults()).join());
                    lock.release(Eventually.PATIENCE);
                } catch (Exception failure) {
                    told.add(failure);
                }
            });
            other.requestRelease("/a");
            assertTrue(next(told) instanceof Lock);
            eventually("it was released", () -> other.contenders("/a").isEmpty());
        }
    }

    @Test
    void clientMayBeClosedInAHandler() throws Exception {
        CountDownLatch closed = new CountDownLatch(1);
        Lock lock = client.lock("/a", LockOptions.defaults().withWatchOwnNode(true));
        lock.onRequested(() -> {
            client.close();
            closed.countDown();
        });
        other.requestRelease("/a");
        closed.await();
        assertEquals(false, lock.valid());
        eventually("its locks are free", () -> other.contenders("/a").isEmpty());
    }

    @Test
    void whatHandlersThrowGoesWhereUncaughtExceptionsGo() throws Exception {
        BlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
        Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> uncaught.add(failure));
        try (Lock lock = client.lock("/a", LockOptions.defaults().withWatchOwnNode(true))) {
            AtomicReference<String> thread = new AtomicReference<>();
            lock.onRequested(() -> {
                thread.set(Thread.currentThread().getName());
                throw new IllegalCallerException("in a handler");
            });
            other.requestRelease("/a");
            assertEquals("in a handler", next(uncaught).getMessage());
            client.onStateChange(state -> {
                throw new AssertionError("of the state");
            });
            server.cut(EmbeddedServer.EVERY_SERVER);
            assertEquals("of the state", next(uncaught).getMessage());
            assertTrue(lock.valid());
            client.lock("/b").close();
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void logGoesToALogger() throws Exception {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        try (Client logging =
                 Client.connect(server.connectString(), server.clientOptions().withLogger(
                                                            new RecordingLogger(lines)))) {
            logging.waitConnected(Eventually.PATIENCE);
            logging.lock("/a", LockOptions.budget(Duration.ofMillis(100))).lost().join();
            eventually("something was logged", () -> !lines.isEmpty());
            assertTrue(lines.stream().anyMatch(line -> line.contains("=")), lines.toString());
        }
    }

    @Test
    void nothingIsLeftInTheRegistry() throws Exception {
        client.onStateChange(state -> { });
        try (Lock lock = client.lock("/a")) {
            lock.onJeopardy(jeopardy -> { });
            lock.onRequested(() -> { });
            lock.onRequested(() -> { });
            lock.run(context -> context.onStop(() -> { }));
        }
        client.close();
        other.close();
        eventually("nothing is left", () -> Registry.size() == 0);
    }
}
