package io.leasehold.testing;

import io.leasehold.ClientOptions;
import io.leasehold.internal.Text;
import java.time.Duration;

/**
 * ZooKeeper servers inside a test's own process, with a switch for everything that may go wrong
 * between a client and its ensemble. Each switch returns when it is in effect.
 */
public final class EmbeddedServer implements AutoCloseable {
    /** In place of the number of a server: all of them. */
    public static final int EVERY_SERVER = -1;

    private static final Duration TICK = Duration.ofMillis(200);

    private final long server;

    private EmbeddedServer(long server) {
        this.server = server;
    }

    /** One standalone server. */
    public static EmbeddedServer start() {
        return start(1, TICK, 0);
    }

    /**
     * An ensemble.
     *
     * @param port of the first server; 0: a free one
     */
    public static EmbeddedServer start(int servers, Duration tick, int port) {
        return new EmbeddedServer(NativeServer.start(servers, tick.toMillis(), port));
    }

    /** Closes all connections and ends the servers, within 1 s. */
    @Override
    public void close() {
        NativeServer.free(server);
    }

    /** For {@link io.leasehold.Client#connect}. */
    public String connectString() {
        return Text.of(NativeServer.connectString(server));
    }

    /** What a client has to know of these servers, with room for a budget of 10 s. */
    public ClientOptions clientOptions() {
        return clientOptions(Duration.ZERO);
    }

    /** Zero takes a session timeout that a budget of 10 s fits into. */
    public ClientOptions clientOptions(Duration sessionTimeout) {
        // In the order of server.cpp.
        long[] numbers = NativeServer.clientOptions(server, sessionTimeout.toMillis());
        return ClientOptions.defaults()
            .withSessionTimeout(Duration.ofMillis(numbers[0]))
            .withTick(Duration.ofMillis(numbers[1]))
            .withSyncLimit((int) numbers[2])
            .withStandalone(numbers[3] != 0)
            .withBackoff(Duration.ofMillis(numbers[4]), Duration.ofMillis(numbers[5]))
            .withMaxConnectsPerSecond((int) numbers[6])
            .withAckGap(Duration.ofMillis(numbers[7]))
            .withConnectTimeout(Duration.ofMillis(numbers[8]));
    }

    /** Ends every session as if nothing had been heard of it for its timeout. */
    public void expireSessions() {
        NativeServer.expireSessions(server);
    }

    /** Closes all connections; sessions stay, and clients may connect again at once. */
    public void cut(int index) {
        NativeServer.cut(server, index);
    }

    /** Connections stay, and nothing passes on them any more; false: what was sent arrives. */
    public void halfOpen(int index, boolean isHalfOpen) {
        NativeServer.halfOpen(server, index, isHalfOpen);
    }

    /** New connections are refused. */
    public void refuse(int index, boolean isRefusing) {
        NativeServer.refuse(server, index, isRefusing);
    }

    /** As SIGSTOP does. */
    public void pause(int index) {
        NativeServer.pause(server, index);
    }

    /** As SIGCONT does. */
    public void resume(int index) {
        NativeServer.resume(server, index);
    }

    /** As SIGKILL does. */
    public void kill(int index) {
        NativeServer.kill(server, index);
    }

    /** On the same port and with the same data. */
    public void restart(int index) {
        NativeServer.restart(server, index);
    }

    /** Replies and watch events reach their client this long after they were made. */
    public void delay(Duration delay) {
        NativeServer.delay(server, delay.toMillis());
    }

    public long sessions() {
        return NativeServer.sessions(server);
    }

    public long connections() {
        return NativeServer.connections(server);
    }

    public long watches() {
        return NativeServer.watches(server);
    }

    public long ephemerals() {
        return NativeServer.ephemerals(server);
    }

    /** Children of {@code path}. */
    public long nodes(String path) {
        return NativeServer.nodes(server, Text.utf8(path, "path"));
    }
}
