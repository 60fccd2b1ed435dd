package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.lang.ref.WeakReference;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Locks and clients that are dropped without being closed. */
class LeakTest extends ServerTest {
    private final List<String> warnings = new CopyOnWriteArrayList<>();
    private final Logger logger = Logger.getLogger("io.leasehold");
    private final Handler recorder = new Handler() {
        @Override
        public void publish(LogRecord record) {
            warnings.add(record.getMessage());
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    };

    @BeforeEach
    void listen() {
        logger.addHandler(recorder);
        logger.setUseParentHandlers(false);
    }

    @AfterEach
    void listenNoMore() {
        logger.removeHandler(recorder);
        logger.setUseParentHandlers(true);
    }

    @Test
    void droppedLockIsReleasedWithAWarning() throws Exception {
        assertTrue(client.lock(path).valid());
        eventually("it is released", () -> {
            System.gc();
            return contenders() == 0;
        });
        eventually("there is a warning", () -> warnings.toString().contains(path));
    }

    @Test
    void whoWaitsForItsEndDoesNotKeepIt() throws Exception {
        CompletableFuture<Loss> lost = client.lock(path).lost();
        eventually("it is released", () -> {
            System.gc();
            return lost.isDone();
        });
        assertEquals(Loss.RELEASED, lost.join());
    }

    @Test
    void lockOfADroppedFutureIsReleasedToo() throws Exception {
        client.lockAsync(path, LockOptions.defaults());
        eventually("it is held", () -> contenders() == 1);
        eventually("it is released", () -> {
            System.gc();
            return contenders() == 0;
        });
    }

    @Test
    void closedLockIsNoLeak() throws Exception {
        client.lock(path).close();
        client.lock(path).release(ms(5000));
        client.lock(path, LockOptions.budget(ms(1))).lost().join();
        Object marker = new Object();
        WeakReference<Object> isCollected = new WeakReference<>(marker);
        marker = null;
        eventually("garbage is collected", () -> {
            System.gc();
            return isCollected.get() == null;
        });
        // Of this path: another test's may be late.
        assertFalse(warnings.toString().contains(path), warnings.toString());
    }

    @Test
    void droppedClientIsClosedWithAWarning() throws Exception {
        heldByADroppedClient();
        eventually("its lock is free", () -> {
            System.gc();
            return contenders() == 0;
        });
        eventually("there is a warning", () -> warnings.toString().contains("client"));
    }

    private void heldByADroppedClient() throws Exception {
        Client dropped = Client.connect(server.connectString(), server.clientOptions());
        assertTrue(dropped.lock(path).valid());
    }
}
