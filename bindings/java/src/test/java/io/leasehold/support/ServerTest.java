package io.leasehold.support;

import io.leasehold.Client;
import io.leasehold.LockOptions;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** A server, two sessions, and a path of its own for each case. */
@Timeout(60)
public abstract class ServerTest {
    protected static final LockOptions TRY = LockOptions.defaults().withWait(Duration.ZERO);
    protected static final LockOptions PATIENT =
        LockOptions.defaults().withWait(Eventually.PATIENCE).withRefuseHopeless(false);

    protected static TestServer server;
    protected Client client;
    protected Client other;
    protected String path;

    @BeforeAll
    static void startServer() {
        server = TestServer.start();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void connect() throws Exception {
        client = Client.connect(server.connectString(), server.clientOptions());
        other = Client.connect(server.connectString(), server.clientOptions());
        client.waitConnected(Eventually.PATIENCE);
        other.waitConnected(Eventually.PATIENCE);
        path = TestServer.freshPath();
    }

    @AfterEach
    void disconnect() {
        client.close();
        other.close();
    }

    protected int contenders() throws InterruptedException {
        return other.contenders(path).size();
    }

    protected static Duration ms(long milliseconds) {
        return Duration.ofMillis(milliseconds);
    }
}
