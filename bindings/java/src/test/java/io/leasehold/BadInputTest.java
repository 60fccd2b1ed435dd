package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class BadInputTest extends ServerTest {
    private static final Duration TOO_LONG = Duration.ofSeconds(Long.MAX_VALUE);
    private static final Duration ABSURD = Duration.ofDays(40_000_000);
    private static final Duration NEGATIVE = Duration.ofMillis(-1);

    private static void refused(Executable executable) {
        assertThrows(IllegalArgumentException.class, executable);
    }

    private static void isNull(Executable executable) {
        assertThrows(NullPointerException.class, executable);
    }

    private static void isClosed(Executable executable) {
        assertThrows(IllegalStateException.class, executable);
    }

    @Test
    void nullIsRefused() throws Exception {
        isNull(() -> Client.connect(null));
        isNull(() -> Client.connect("localhost", null));
        isNull(() -> client.lock(null));
        isNull(() -> client.lock(path, null));
        isNull(() -> client.lockAsync(null, TRY));
        isNull(() -> client.lockAll(null, TRY));
        isNull(() -> client.elect(path, null));
        isNull(() -> client.contenders(null));
        isNull(() -> client.observe(null));
        isNull(() -> client.requestRelease(null));
        isNull(() -> client.addAuth(null, new byte[1]));
        isNull(() -> client.addAuth("digest", null));
        isNull(() -> client.waitConnected(null));
        isNull(() -> LockOptions.budget(null));
        isNull(() -> LockOptions.defaults().withKind(null));
        isNull(() -> LockOptions.defaults().withAcl(null));
        isNull(() -> LockOptions.defaults().withOwner(null));
        isNull(() -> new Acl(1, null, ""));
        isNull(() -> ClientOptions.defaults().withLogger(null));
        isNull(() -> ClientOptions.defaults().withExecutor(null));
        try (Lock lock = client.lock(path)) {
            isNull(() -> lock.call(null));
            isNull(() -> lock.run(null));
            isNull(() -> lock.callAsync(null));
            isNull(() -> lock.extend(null));
            isNull(() -> lock.release(null));
            isNull(() -> lock.run(context -> context.onStop(null)));
            assertTrue(lock.valid());
        }
    }

    @Test
    void malformedTextIsRefused() {
        refused(() -> client.lock("/a\0b"));
        refused(() -> client.lock("/half-\uD83D"));
        refused(() -> client.lock("/half-\uDC22-other"));
        refused(() -> client.lock("/\uDC22\uD83D"));
        refused(() -> client.lock(""));
        refused(() -> client.lock("relative"));
        refused(() -> client.lock("/a/../b"));
        refused(() -> client.lock("/trailing/"));
        refused(() -> client.lockAll(List.of("/a", "/a"), TRY));
        refused(() -> client.lockAll(List.of(), TRY));
        refused(() -> LockOptions.defaults().withOwner("a\0b"));
        refused(() -> Client.connect("localhost:notaport"));
        refused(() -> Client.connect(""));
        refused(() -> Client.connect("local\0host"));
    }

    @Test
    void durationsAreBounded() throws Exception {
        refused(() -> LockOptions.budget(NEGATIVE));
        refused(() -> LockOptions.budget(TOO_LONG));
        refused(() -> LockOptions.defaults().withWait(NEGATIVE));
        refused(() -> client.waitConnected(NEGATIVE));
        refused(() -> ClientOptions.defaults().withSessionTimeout(NEGATIVE));
        assertThrows(RuntimeException.class, () -> client.lock(path, LockOptions.budget(ABSURD)));
        assertThrows(RuntimeException.class,
                     () -> client.lock(path, LockOptions.budget(Duration.ZERO)));
        refused(() -> Client.connect("localhost",
                                     ClientOptions.defaults().withSessionTimeout(Duration.ZERO)));
        refused(() -> Client.connect("localhost", ClientOptions.defaults().withClockDrift(7)));
        refused(() -> ClientOptions.defaults().withMaxPending(-1));
        refused(() -> client.lock(path, LockOptions.permitOf(0)));
        refused(() -> client.lock(path, LockOptions.defaults().withMaxQueue(-3)));
        try (Lock lock = client.lock(path)) {
            refused(() -> lock.extend(NEGATIVE));
            refused(() -> lock.release(NEGATIVE));
            assertTrue(lock.valid());
        }
    }

    @Test
    void partOfAMillisecondIsOne() {
        assertEquals(1, Millis.of(Duration.ofNanos(1), "a"));
        assertEquals(1, Millis.of(Duration.ofMillis(1), "a"));
        assertEquals(2, Millis.of(Duration.ofNanos(1_000_001), "a"));
        assertEquals(0, Millis.of(Duration.ZERO, "a"));
        assertEquals(Long.MAX_VALUE, Millis.ofWait(
            ChronoUnit.FOREVER.getDuration(), "a"));
    }

    @Test
    void optionsAreNotChangedByTheirWith() throws Exception {
        LockOptions before = LockOptions.defaults();
        before.withWait(Duration.ZERO).withOwner("x").withAcl(List.of(new Acl(1, "a", "b")));
        try (Lock lock = client.lock(path, before)) {
            assertTrue(lock.remaining().compareTo(ms(5000)) > 0);
            assertFalse(other.contenders(path).get(0).owner().equals("x"));
        }
    }

    @Test
    void whatIsClosedSaysSo() throws Exception {
        Lock lock = client.lock(path);
        CompletableFuture<Loss> lost = lock.lost();
        lock.close();
        assertEquals(Loss.RELEASED, lost.join());
        isClosed(() -> lock.extend(ms(1)));
        isClosed(() -> lock.release(ms(1)));
        isClosed(() -> lock.releaseAsync());
        isClosed(lock::downgrade);
        isClosed(() -> lock.upgrade(ms(1)));
        isClosed(lock::again);
        isClosed(lock::lost);
        isClosed(lock::kind);
        isClosed(() -> lock.run(context -> { }));
        isClosed(() -> lock.onJeopardy(jeopardy -> { }));
        isClosed(() -> lock.onRequested(() -> { }));
        assertEquals(0, lock.token());
        assertEquals(List.of(path), lock.paths());
        assertEquals(List.of(), lock.nodes());

        Observer observer = client.observe(path);
        observer.close();
        isClosed(() -> observer.next(ms(1)));

        Lock held = client.lock(path);
        client.close();
        assertFalse(held.valid());
        isClosed(() -> client.lock(path));
        isClosed(() -> client.lockAsync(path, TRY));
        isClosed(client::stats);
        isClosed(() -> client.contenders(path));
        isClosed(() -> client.requestRelease(path));
        isClosed(() -> client.onStateChange(state -> { }));
        isClosed(() -> client.addAuth("digest", new byte[1]));
        isClosed(() -> client.waitConnected(ms(1)));
        assertEquals(ClientState.CLOSED, client.state());
        assertDoesNotThrow(client::close);
        assertDoesNotThrow(held::close);
    }

    @Test
    void noServerIsToldInTime() throws Exception {
        try (Client nobody = Client.connect("127.0.0.1:1", server.clientOptions())) {
            ConnectionException unconnected =
                assertThrows(ConnectionException.class, () -> nobody.waitConnected(ms(50)));
            assertEquals(ErrorCode.NO_SERVER, unconnected.code());
            ConnectionException refusal = assertThrows(
                ConnectionException.class,
                () -> nobody.lock(path, LockOptions.defaults().withWait(ms(50))));
            assertEquals(ErrorCode.NO_SERVER, refusal.code());
        }
    }
}
