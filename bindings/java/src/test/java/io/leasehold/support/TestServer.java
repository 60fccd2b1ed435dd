package io.leasehold.support;

import io.leasehold.ClientOptions;
import io.leasehold.testing.EmbeddedServer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** The server of a test: the real one that the test was started with, else one of its own. */
public final class TestServer implements AutoCloseable {
    private static final String REAL = System.getProperty("leasehold.test.zookeeper");
    private static final AtomicInteger LAST_PATH = new AtomicInteger();

    private final EmbeddedServer embedded; // null: a real one

    private TestServer(EmbeddedServer embedded) {
        this.embedded = embedded;
    }

    public static TestServer start() {
        return new TestServer(REAL == null ? EmbeddedServer.start() : null);
    }

    public String connectString() {
        return embedded == null ? REAL : embedded.connectString();
    }

    /** Servers of ./dev zk have ticks of 200 ms, as embedded ones have. */
    public ClientOptions clientOptions() {
        return embedded != null ? embedded.clientOptions()
                                : ClientOptions.defaults()
                                      .withSessionTimeout(Duration.ofSeconds(20))
                                      .withTick(Duration.ofMillis(200))
                                      .withStandalone(true)
                                      .withAckGap(Duration.ofSeconds(1));
    }

    /** A path that no other test uses. */
    public static String freshPath() {
        return "/test-" + ProcessHandle.current().pid() + "-" + LAST_PATH.incrementAndGet();
    }

    @Override
    public void close() {
        if (embedded != null) {
            embedded.close();
        }
    }
}
