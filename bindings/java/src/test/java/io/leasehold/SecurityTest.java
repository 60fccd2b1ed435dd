package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.ServerTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** TLS and credentials reach the library. */
class SecurityTest extends ServerTest {
    @TempDir
    Path files;

    private ConnectionException refused(ClientOptions options) {
        return assertThrows(ConnectionException.class,
                            () -> Client.connect(server.connectString(), options));
    }

    @Test
    void fileThatIsNotThereIsSaidAtOnce() {
        Path nowhere = files.resolve("nowhere");
        ClientOptions options = server.clientOptions();
        for (ClientOptions each : new ClientOptions[] {options.withTlsCaFile(nowhere),
                                                       options.withTlsCaDirectory(nowhere),
                                                       options.withTlsCertificate(nowhere),
                                                       options.withTlsCertificate(nowhere, nowhere)}) {
            ConnectionException refused = refused(each);
            assertEquals(ErrorCode.TLS_FAILED, refused.code());
            assertTrue(refused.getMessage().contains(nowhere + ": No such file"));
        }
    }

    @Test
    void serverWithoutTlsIsNone() throws Exception {
        ClientOptions options = server.clientOptions();
        for (ClientOptions each :
             new ClientOptions[] {options.withTls(), options.withTlsServerName("zk1"),
                                  options.withTlsMinVersion(TlsVersion.TLS_1_3)}) {
            try (Client other = Client.connect(server.connectString(), each)) {
                ConnectionException refused =
                    assertThrows(ConnectionException.class,
                                 () -> other.waitConnected(Duration.ofMillis(300)));
                assertEquals(ErrorCode.TLS_FAILED, refused.code());
            }
        }
    }

    @Test
    void whatCannotBeMeantIsRefused() {
        ClientOptions options = server.clientOptions();
        for (ClientOptions each :
             new ClientOptions[] {options.withTlsPassphraseFile(files),
                                  options.withTlsPassphraseEnv("X"),
                                  options.withAuthEnv("LEASEHOLD_NO_SUCH_VARIABLE"),
                                  options.withSaslMechanism(SaslMechanism.DIGEST_MD5),
                                  options.withSaslMechanism(SaslMechanism.GSSAPI).withSaslUser("x"),
                                  options.withSaslUser("x"), options.withSaslService("x"),
                                  options.withSaslServerName("x"), options.withSaslRealm("x"),
                                  options.withSaslPasswordFile(files),
                                  options.withSaslPasswordEnv("X")}) {
            assertThrows(IllegalArgumentException.class,
                         () -> Client.connect(server.connectString(), each));
        }
    }

    @Test
    void serverWithoutSaslGetsNothing() throws Exception {
        Path password = files.resolve("password");
        write(password, "s3cret\n");
        ClientOptions options = server.clientOptions()
                                    .withSaslMechanism(SaslMechanism.DIGEST_MD5)
                                    .withSaslUser("shop")
                                    .withSaslPasswordFile(password);
        try (Client other = Client.connect(server.connectString(), options)) {
            ConnectionException refused =
                assertThrows(ConnectionException.class,
                             () -> other.waitConnected(Duration.ofMillis(500)));
            assertEquals(ErrorCode.AUTH_FAILED, refused.code());
            assertFalse(refused.getMessage().contains("s3cret"));
        }
    }

    @Test
    void credentialsKeepOthersOut() throws Exception {
        Path file = files.resolve("auth");
        write(file, "digest shop:s3cret\n");
        ClientOptions options = server.clientOptions().withAuthFile(file);
        try (Client ours = Client.connect(server.connectString(), options);
             Lock held = ours.lock(path)) {
            assertThrows(NotPermittedException.class, () -> client.lock(path));
            assertTrue(held.valid());
        }
        write(file, "s3cret\n");
        IllegalArgumentException refused =
            assertThrows(IllegalArgumentException.class,
                         () -> Client.connect(server.connectString(), options));
        assertFalse(refused.getMessage().contains("s3cret"));
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text);
    }
}
