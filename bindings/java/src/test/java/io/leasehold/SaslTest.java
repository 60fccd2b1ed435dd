package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.leasehold.support.ServerTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** With a real server that knows the users of {@code sasl.jaas}. */
class SaslTest extends ServerTest {
    @TempDir
    Path files;

    private Client connectAs(String user, String password) throws IOException {
        Path file = files.resolve(user);
        Files.writeString(file, password + "\n");
        ClientOptions options = server.clientOptions()
                                    .withSaslMechanism(SaslMechanism.DIGEST_MD5)
                                    .withSaslUser(user)
                                    .withSaslPasswordFile(file);
        try {
            return Client.connect(server.connectString(), options);
        } catch (ConnectionException missing) {
            assumeFalse(missing.getMessage().contains("install it"), missing.getMessage());
            throw missing;
        }
    }

    @Test
    void rightPasswordLocksAndShutsAllOthersOut() throws Exception {
        try (Client ours = connectAs("shop", "s3cret");
             Client same = connectAs("shop", "s3cret");
             Client foreign = connectAs("other", "0ther")) {
            try (Lock held = ours.lock(path, PATIENT)) {
                assertTrue(held.valid());
                assertThrows(WaitExpiredException.class,
                             () -> same.lock(path, PATIENT.withWait(ms(100))));
                for (Client stranger : new Client[] {foreign, client}) {
                    assertThrows(NotPermittedException.class, () -> stranger.lock(path, PATIENT));
                }
            }
            same.lock(path, PATIENT).close();
        }
    }

    @Test
    void wrongPasswordGetsNothing() throws Exception {
        try (Client guessing = connectAs("shop", "guess")) {
            ConnectionException refused =
                assertThrows(ConnectionException.class,
                             () -> guessing.waitConnected(Duration.ofSeconds(1)));
            assertEquals(ErrorCode.AUTH_FAILED, refused.code());
            assertTrue(refused.getMessage().contains("refuses our SASL credentials"));
            assertFalse(refused.getMessage().contains("guess"));
        }
    }
}
