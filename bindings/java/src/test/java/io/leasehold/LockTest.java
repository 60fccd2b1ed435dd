package io.leasehold;

import static io.leasehold.support.Eventually.eventually;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.Eventually;
import io.leasehold.support.ServerTest;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class LockTest extends ServerTest {
    @Test
    void tellsWhatItIs() throws Exception {
        try (Lock lock = client.lock(path, LockOptions.budget(ms(5000)))) {
            assertTrue(lock.valid());
            assertFalse(lock.isStopRequested());
            assertFalse(lock.isShortened());
            assertTrue(lock.token() > 0);
            assertEquals(LockKind.EXCLUSIVE, lock.kind());
            assertEquals(List.of(path), lock.paths());
            assertEquals(1, lock.nodes().size());
            assertTrue(lock.nodes().get(0).startsWith(path + "/"));
            assertTrue(lock.remaining().compareTo(ms(5000)) <= 0);
            assertTrue(lock.remaining().compareTo(ms(3000)) > 0);
        }
        eventually("nobody holds it", () -> contenders() == 0);
    }

    @Test
    void quorumEvidenceLeavesALeaseWhereTheOtherKindLeavesNone() throws Exception {
        // A follower that lost its leader may go on answering for longer than any session lives here.
        ClientOptions follower = server.clientOptions().withStandalone(false).withSyncLimit(1000);
        LockOptions options = LockOptions.budget(ms(500)).withWait(ms(5000));
        try (Client conservative = Client.connect(server.connectString(), follower)) {
            assertThrows(BudgetRefusedException.class, () -> conservative.lock(path, options));
        }
        try (Client byQuorum = Client.connect(server.connectString(),
                                              follower.withLeaseEvidence(LeaseEvidence.QUORUM));
             Lock lock = byQuorum.lock(path, options)) {
            assertTrue(lock.valid());
        }
    }

    @Test
    void secondIsRefusedAndToldWhoHoldsIt() throws Exception {
        try (Lock lock = client.lock(path, LockOptions.defaults().withOwner("fulfilment"))) {
            WaitExpiredException refused =
                assertThrows(WaitExpiredException.class, () -> other.lock(path, TRY));
            assertEquals(ErrorCode.WAIT_EXPIRED, refused.code());
            assertEquals("wait_expired", refused.codeName());
            assertEquals(path, refused.path().orElseThrow());
            assertTrue(refused.holder().orElseThrow().contains("fulfilment"), refused.toString());
            assertEquals(1, refused.position().orElseThrow());
            assertTrue(Arrays.stream(refused.getStackTrace())
                           .anyMatch(at -> at.getClassName().equals(getClass().getName())),
                       "the trace is that of the caller");
            assertTrue(lock.valid());
        }
    }

    @Test
    void closeLetsTheNextOneIn() throws Exception {
        Lock lock = client.lock(path);
        CompletableFuture<Lock> next = other.lockAsync(path, PATIENT);
        eventually("the other one queues", () -> contenders() == 2);
        assertFalse(next.isDone());
        long first = lock.token();
        lock.close();
        lock.close();
        assertFalse(lock.valid());
        assertEquals(Duration.ZERO, lock.remaining());
        try (Lock second = next.join()) {
            assertTrue(second.token() > first);
        }
    }

    @Test
    void releaseWaitsUntilTheNodeIsGone() throws Exception {
        try (Lock lock = client.lock(path)) {
            lock.release(Eventually.PATIENCE);
            assertEquals(0, contenders());
            assertFalse(lock.valid());
        }
        try (Lock lock = client.lock(path)) {
            lock.releaseAsync().join();
            assertEquals(0, contenders());
        }
    }

    @Test
    void extendGivesANewBudget() throws Exception {
        try (Lock lock = client.lock(path, LockOptions.budget(ms(2000)))) {
            lock.extend(ms(9000));
            assertTrue(lock.remaining().compareTo(ms(5000)) > 0);
            lock.extendAsync(ms(10_000)).join();
            assertTrue(lock.remaining().compareTo(ms(6000)) > 0);
            BudgetRefusedException refused = assertThrows(
                BudgetRefusedException.class, () -> lock.extend(Duration.ofHours(1)));
            assertEquals(ErrorCode.BUDGET_REFUSED, refused.code());
            assertTrue(lock.valid());
        }
    }

    @Test
    void anotherHandleKeepsTheHold() throws Exception {
        try (Lock lock = client.lock(path); Lock more = lock.again()) {
            lock.close();
            assertTrue(more.valid());
            assertThrows(WaitExpiredException.class, () -> other.lock(path, TRY));
        }
        eventually("nobody holds it", () -> contenders() == 0);
    }

    @Test
    void sharesAreHeldTogether() throws Exception {
        try (Lock one = client.lock(path, LockOptions.shared());
             Lock two = other.lock(path, LockOptions.shared())) {
            assertEquals(LockKind.SHARED, one.kind());
            assertEquals(0, two.token());
            assertThrows(WaitExpiredException.class, () -> client.lock(path, TRY));
        }
    }

    @Test
    void downgradesAndUpgrades() throws Exception {
        try (Lock lock = client.lock(path)) {
            lock.downgrade();
            assertEquals(LockKind.SHARED, lock.kind());
            other.lock(path, LockOptions.shared()).close();
        }
        eventually("nobody holds it", () -> contenders() == 0);
        try (Lock lock = client.lock(path, LockOptions.upgradable())) {
            assertEquals(LockKind.UPGRADABLE, lock.kind());
            Lock reader = other.lock(path, LockOptions.shared());
            CompletableFuture<Void> upgraded = lock.upgradeAsync(Eventually.PATIENCE);
            reader.close();
            upgraded.join();
            assertEquals(LockKind.EXCLUSIVE, lock.kind());
            assertTrue(lock.token() > 0);
            lock.downgradeAsync().join();
            lock.upgrade(ms(5000));
            assertEquals(LockKind.EXCLUSIVE, lock.kind());
        }
    }

    @Test
    void permitsAreCounted() throws Exception {
        LockOptions one = LockOptions.permitOf(2);
        try (Lock first = client.lock(path, one); Lock second = other.lock(path, one)) {
            assertEquals(LockKind.PERMIT, first.kind());
            assertTrue(second.valid());
            assertThrows(NotAcquiredException.class,
                         () -> client.lock(path, one.withWait(Duration.ZERO)));
            UnusablePathException disagreed = assertThrows(
                UnusablePathException.class, () -> client.lock(path, LockOptions.permitOf(3)));
            assertEquals(ErrorCode.PERMITS_DISAGREE, disagreed.code());
        }
    }

    @Test
    void setsAreTakenTogether() throws Exception {
        List<String> both = List.of(path + "-a", path + "-b");
        try (Lock set = client.lockAll(both, LockOptions.defaults())) {
            assertEquals(both, set.paths());
            assertEquals(2, set.nodes().size());
            assertThrows(WaitExpiredException.class, () -> other.lock(both.get(1), TRY));
        }
        other.lockAllAsync(both, PATIENT).join().close();
    }

    @Test
    void contendersAreShownInOrder() throws Exception {
        try (Lock lock = client.lock(
                 path, LockOptions.budget(ms(4000)).withOwner("first").withTraceId("trace-7"))) {
            CompletableFuture<Lock> waiting = other.lockAsync(path, PATIENT.withOwner("second"));
            eventually("two contend", () -> contenders() == 2);
            List<Contender> queue = client.contendersAsync(path).join();
            Contender holder = queue.get(0);
            assertEquals("first", holder.owner());
            assertEquals("trace-7", holder.traceId());
            assertEquals(ms(4000), holder.budget().orElseThrow());
            assertEquals(ProcessHandle.current().pid(), holder.pid());
            assertTrue(holder.isHeld());
            assertEquals(LockKind.EXCLUSIVE, holder.kind());
            assertTrue(lock.nodes().get(0).endsWith("/" + holder.node()));
            assertEquals("second", queue.get(1).owner());
            assertFalse(queue.get(1).isHeld());
            assertEquals(holder.node(), queue.get(1).blockedBy());
            waiting.cancel(true);
        }
    }

    @Test
    void figuresAreTold() throws Exception {
        try (Lock lock = client.lock(path)) {
            ClientStats stats = client.stats();
            assertEquals(1, stats.sessions());
            assertEquals(1, stats.locksHeld());
            assertEquals(1, stats.grants());
            assertTrue(stats.requests() > 0 && stats.bytesReceived() > 0);
            assertTrue(stats.sessionTimeout().compareTo(ms(1000)) > 0);
            assertEquals(ClientState.CONNECTED, client.state());
            assertTrue(lock.valid());
        }
    }

    @Test
    void unicodeGoesThereAndBack() throws Exception {
        String name = path + "/żółw-亀"; // ZooKeeper's paths have no supplementary characters
        try (Lock lock = client.lock(name, LockOptions.defaults().withOwner("\uD83D\uDC22 ß"))) {
            assertEquals("\uD83D\uDC22 ß", other.contenders(name).get(0).owner());
            assertTrue(lock.nodes().get(0).startsWith(name + "/"));
            assertEquals(name, assertThrows(WaitExpiredException.class,
                                            () -> other.lock(name, TRY)).path().orElseThrow());
        }
    }

    @Test
    void nodesAreGuardedByTheirAcl() throws Exception {
        client.addAuth("digest", "fulfilment:secret".getBytes(UTF_8));
        LockOptions guarded = LockOptions.defaults().withAcl(
            List.of(new Acl(Acl.ALL, "auth", ""), new Acl(Acl.READ, "world", "anyone")));
        try (Lock lock = client.lock(path, guarded)) {
            assertTrue(lock.valid());
            assertEquals(1, contenders());
        }
        assertThrows(IllegalArgumentException.class,
                     () -> client.lock(path, LockOptions.defaults().withAcl(
                                                 List.of(new Acl(77, "world", "anyone")))));
    }
}
