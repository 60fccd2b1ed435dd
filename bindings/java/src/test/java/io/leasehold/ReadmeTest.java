package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.examples.FirstLock;
import io.leasehold.support.ServerTest;
import org.junit.jupiter.api.Test;

/** What README.md quotes works. That it quotes this, docs.quotes says. */
class ReadmeTest extends ServerTest {
    @Test
    void firstLock() throws Exception {
        assertTrue(FirstLock.first(server.connectString(), server.clientOptions()) > 0);
    }

    @Test
    void guardedCall() throws Exception {
        try (Lock lock = client.lock(path)) {
            assertTrue(FirstLock.guarded(lock));
        }
    }

    @Test
    void futures() {
        assertEquals(42, FirstLock.async(client).join());
    }
}
