package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.Eventually;
import io.leasehold.support.ServerTest;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class LeaderTest extends ServerTest {
    @Test
    void leadsUntilItResigns() throws Exception {
        try (Observer observer = other.observe(path)) {
            assertTrue(observer.next(Eventually.PATIENCE).isEmpty());
            Lock lead = client.elect(path, ElectOptions.payload("10.0.0.7:8080"));
            assertTrue(lead.valid() && lead.token() > 0);
            assertEquals("10.0.0.7:8080",
                         observer.next(Eventually.PATIENCE).orElseThrow().payload());
            assertEquals("10.0.0.7:8080", other.leader(path).orElseThrow().payload());

            CompletableFuture<Lock> candidate =
                other.electAsync(path, ElectOptions.payload("second"));
            assertThrows(NotAcquiredException.class,
                         () -> other.elect(path, ElectOptions.defaults().withWait(Duration.ZERO)));
            CompletableFuture<Optional<Contender>> next = observer.nextAsync();
            assertFalse(next.isDone());
            lead.close();
            try (Lock second = candidate.join()) {
                assertTrue(second.token() > 0);
                Optional<Contender> seen = next.join();
                while (seen.isEmpty()) {
                    seen = observer.next(Eventually.PATIENCE);
                }
                assertEquals("second", seen.get().payload());
            }
        }
    }

    @Test
    void observerThatHearsNothingSaysSo() throws Exception {
        try (Observer observer = other.observe(path)) {
            assertTrue(observer.next(Eventually.PATIENCE).isEmpty());
            ConnectionException late =
                assertThrows(ConnectionException.class, () -> observer.next(ms(20)));
            assertEquals(ErrorCode.TIMED_OUT, late.code());
            try (Lock lead = client.elect(path, ElectOptions.payload("now"))) {
                assertTrue(lead.valid());
                assertEquals("now", observer.next(Eventually.PATIENCE).orElseThrow().payload());
            }
        }
        assertTrue(other.leaderAsync(path + "-none").join().isEmpty());
    }
}
