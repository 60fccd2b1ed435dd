package io.leasehold;

import io.leasehold.internal.Text;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * How a client reaches its ensemble and how far it trusts it; immutable. The defaults are those of
 * the C interface.
 */
public final class ClientOptions {
    // Places in the numbers and texts, as options.cpp reads them.
    private static final int SESSION_TIMEOUT = 0;
    private static final int TICK = 1;
    private static final int SYNC_LIMIT = 2;
    private static final int STANDALONE = 3;
    private static final int ACK_GAP = 4;
    private static final int MARGIN = 5;
    private static final int CONNECT_TIMEOUT = 6;
    private static final int BACKOFF_MIN = 7;
    private static final int BACKOFF_MAX = 8;
    private static final int MAX_CONNECTS_PER_SECOND = 9;
    private static final int MAX_FRAME_BYTES = 10;
    private static final int MAX_PENDING = 11;
    private static final int ORPHAN_LIMIT = 12;
    private static final int TLS_ENABLED = 13;
    private static final int TLS_MIN_VERSION = 14;
    private static final int SASL_MECHANISM = 15;
    private static final int LEASE_EVIDENCE = 16;
    private static final int SERVER_VERSION = 0;
    private static final int OWNER = 1;
    private static final int TLS_CA_FILE = 2;
    private static final int TLS_CA_DIRECTORY = 3;
    private static final int TLS_CERTIFICATE_FILE = 4;
    private static final int TLS_KEY_FILE = 5;
    private static final int TLS_PASSPHRASE_FILE = 6;
    private static final int TLS_PASSPHRASE_ENV = 7;
    private static final int TLS_SERVER_NAME = 8;
    private static final int AUTH_FILE = 9;
    private static final int AUTH_ENV = 10;
    private static final int SASL_USER = 11;
    private static final int SASL_PASSWORD_FILE = 12;
    private static final int SASL_PASSWORD_ENV = 13;
    private static final int SASL_SERVICE = 14;
    private static final int SASL_SERVER_NAME = 15;
    private static final int SASL_REALM = 16;
    private static final int TEXTS = 17;

    private static final ClientOptions DEFAULTS = new ClientOptions(
        new Packed(NativeLibrary.clientDefaults(), TEXTS), NativeLibrary.clockDriftDefault(), null,
        Threads.POOL);

    final Packed packed;
    final double clockDrift;
    final System.Logger logger; // null: silent
    final Executor executor;

    private ClientOptions(Packed packed, double clockDrift, System.Logger logger,
                          Executor executor) {
        this.packed = packed;
        this.clockDrift = clockDrift;
        this.logger = logger;
        this.executor = executor;
    }

    public static ClientOptions defaults() {
        return DEFAULTS;
    }

    /** Asked of the server. 40 s. */
    public ClientOptions withSessionTimeout(Duration sessionTimeout) {
        return with(SESSION_TIMEOUT, Millis.of(sessionTimeout, "sessionTimeout"));
    }

    /** The ensemble's tickTime, or more: the lease rests on it. 2 s. */
    public ClientOptions withTick(Duration tick) {
        return with(TICK, Millis.of(tick, "tick"));
    }

    /** The ensemble's syncLimit, or more. 5. */
    public ClientOptions withSyncLimit(int ticks) {
        return with(SYNC_LIMIT, ticks);
    }

    /** True only if the ensemble is one standalone server. */
    public ClientOptions withStandalone(boolean isStandalone) {
        return with(STANDALONE, isStandalone ? 1 : 0);
    }

    /** The longest time to a reply that counts. The lesser of 2 s and the tick. */
    public ClientOptions withAckGap(Duration ackGap) {
        return with(ACK_GAP, Millis.of(ackGap, "ackGap"));
    }

    /** Bound on the relative rate of clocks. 0.01. */
    public ClientOptions withClockDrift(double clockDrift) {
        return new ClientOptions(packed, clockDrift, logger, executor);
    }

    /** Taken off every deadline. 250 ms. */
    public ClientOptions withMargin(Duration margin) {
        return with(MARGIN, Millis.of(margin, "margin"));
    }

    /** What the lease rests on. {@link LeaseEvidence#CONSERVATIVE}. */
    public ClientOptions withLeaseEvidence(LeaseEvidence evidence) {
        return with(LEASE_EVIDENCE, evidence.number());
    }

    /** Of one attempt. 5 s. */
    public ClientOptions withConnectTimeout(Duration connectTimeout) {
        return with(CONNECT_TIMEOUT, Millis.of(connectTimeout, "connectTimeout"));
    }

    /** Between failed attempts. 100 ms, and a twentieth of the session timeout. */
    public ClientOptions withBackoff(Duration min, Duration max) {
        return with(BACKOFF_MIN, Millis.of(min, "min")).with(BACKOFF_MAX, Millis.of(max, "max"));
    }

    public ClientOptions withMaxConnectsPerSecond(int attempts) {
        return with(MAX_CONNECTS_PER_SECOND, attempts);
    }

    /** The largest reply that is accepted. 4 MiB. */
    public ClientOptions withMaxFrameBytes(long bytes) {
        return with(MAX_FRAME_BYTES, notNegative(bytes, "maxFrameBytes"));
    }

    /** Requests, acquisitions and watches at once. 100000. */
    public ClientOptions withMaxPending(long count) {
        return with(MAX_PENDING, notNegative(count, "maxPending"));
    }

    /** After which a node that cannot be deleted costs the session. 60 s. */
    public ClientOptions withOrphanLimit(Duration orphanLimit) {
        return with(ORPHAN_LIMIT, Millis.of(orphanLimit, "orphanLimit"));
    }

    /** E.g. "3.8.0"; asked of the server if it is not given. */
    public ClientOptions withServerVersion(String serverVersion) {
        return withText(SERVER_VERSION, Text.utf8(serverVersion, "serverVersion"));
    }

    /** Shown to others as the owner of our locks. The program's name. */
    public ClientOptions withOwner(String owner) {
        return withText(OWNER, Text.utf8(owner, "owner"));
    }

    /** TLS, as with "tls://" before the hosts, and as each of the following asks for it, too. */
    public ClientOptions withTls() {
        return with(TLS_ENABLED, 1);
    }

    /** The oldest version of TLS. 1.2. */
    public ClientOptions withTlsMinVersion(TlsVersion version) {
        return with(TLS_MIN_VERSION, version.number());
    }

    /** The authorities that may sign a server's certificate, PEM. The system's. */
    public ClientOptions withTlsCaFile(Path file) {
        return withPath(TLS_CA_FILE, file, "file");
    }

    /** The same as a directory with hashed names. */
    public ClientOptions withTlsCaDirectory(Path directory) {
        return withPath(TLS_CA_DIRECTORY, directory, "directory");
    }

    /** Our own certificate and its key, PEM, in one file. None is shown without. */
    public ClientOptions withTlsCertificate(Path certificateAndKey) {
        return withPath(TLS_CERTIFICATE_FILE, certificateAndKey, "certificateAndKey");
    }

    /** Our own certificate and its key, PEM, in two files. */
    public ClientOptions withTlsCertificate(Path certificate, Path key) {
        return withPath(TLS_CERTIFICATE_FILE, certificate, "certificate")
            .withPath(TLS_KEY_FILE, key, "key");
    }

    /** The first line of this file decrypts the key. */
    public ClientOptions withTlsPassphraseFile(Path file) {
        return withPath(TLS_PASSPHRASE_FILE, file, "file");
    }

    /** The environment variable of this name decrypts the key. */
    public ClientOptions withTlsPassphraseEnv(String name) {
        return withText(TLS_PASSPHRASE_ENV, Text.utf8(name, "name"));
    }

    /** The name that each server's certificate has to have, instead of that in the hosts. */
    public ClientOptions withTlsServerName(String name) {
        return withText(TLS_SERVER_NAME, Text.utf8(name, "name"));
    }

    /** Credentials: in each line a scheme, a blank and a secret. None. */
    public ClientOptions withAuthFile(Path file) {
        return withPath(AUTH_FILE, file, "file");
    }

    /** The same in the environment variable of this name. None. */
    public ClientOptions withAuthEnv(String name) {
        return withText(AUTH_ENV, Text.utf8(name, "name"));
    }

    /** Proves by SASL who we are, on each connection before anything else. None. */
    public ClientOptions withSaslMechanism(SaslMechanism mechanism) {
        return with(SASL_MECHANISM, mechanism.number());
    }

    /** With DIGEST-MD5: who we are. */
    public ClientOptions withSaslUser(String user) {
        return withText(SASL_USER, Text.utf8(user, "user"));
    }

    /** With DIGEST-MD5: the first line of this file is the password. */
    public ClientOptions withSaslPasswordFile(Path file) {
        return withPath(SASL_PASSWORD_FILE, file, "file");
    }

    /** With DIGEST-MD5: the environment variable of this name is the password. */
    public ClientOptions withSaslPasswordEnv(String name) {
        return withText(SASL_PASSWORD_ENV, Text.utf8(name, "name"));
    }

    /** The first part of the servers' principal. "zookeeper". */
    public ClientOptions withSaslService(String name) {
        return withText(SASL_SERVICE, Text.utf8(name, "name"));
    }

    /** The servers' name in SASL. "zk-sasl-md5", or with GSSAPI the host in the connect string. */
    public ClientOptions withSaslServerName(String name) {
        return withText(SASL_SERVER_NAME, Text.utf8(name, "name"));
    }

    /** With DIGEST-MD5: the realm, if a server offers several. */
    public ClientOptions withSaslRealm(String name) {
        return withText(SASL_REALM, Text.utf8(name, "name"));
    }

    /** Is told what the client logs. Silent without. */
    public ClientOptions withLogger(System.Logger logger) {
        return new ClientOptions(packed, clockDrift, Objects.requireNonNull(logger, "logger"),
                                 executor);
    }

    /**
     * Completes the futures, tells of the state, and logs. Daemon threads of our own without. One that
     * runs tasks where it gets them holds up the client, and a stage that blocks there is refused.
     */
    public ClientOptions withExecutor(Executor executor) {
        return new ClientOptions(packed, clockDrift, logger,
                                 Objects.requireNonNull(executor, "executor"));
    }

    private ClientOptions withPath(int index, Path path, String what) {
        return withText(index, Text.utf8(Objects.requireNonNull(path, what).toString(), what));
    }

    private static long notNegative(long value, String what) {
        if (value < 0) {
            throw new IllegalArgumentException(what + " is negative: " + value);
        }
        return value;
    }

    private ClientOptions with(int index, long number) {
        return new ClientOptions(packed.with(index, number), clockDrift, logger, executor);
    }

    private ClientOptions withText(int index, byte[] text) {
        return new ClientOptions(packed.withText(index, text), clockDrift, logger, executor);
    }
}
