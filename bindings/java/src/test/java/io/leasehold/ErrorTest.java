package io.leasehold;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.leasehold.support.Header;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class ErrorTest {
    private static Throwable made(int code) {
        byte[] none = {};
        return Errors.create(code, "text".getBytes(), none, none, none, -1, -1);
    }

    @Test
    void everyCodeOfTheHeaderIsKnown() throws Exception {
        Map<String, Integer> codes = Header.values("lh_code");
        assertEquals(0, codes.remove("OK"));
        codes.forEach((name, number) -> {
            ErrorCode code = ErrorCode.of(number);
            assertEquals(name, code.name());
            assertEquals(number, code.number());
            Throwable exception = made(number);
            Throwable ours = exception instanceof LeaseholdException ? exception
                                                                     : exception.getCause();
            assertEquals(code, assertInstanceOf(LeaseholdException.class, ours).code());
            assertEquals(name.toLowerCase(Locale.ROOT),
                         ((LeaseholdException) ours).codeName());
        });
        long ofTheHeader = Arrays.stream(ErrorCode.values())
                               .filter(code -> code != ErrorCode.ZOOKEEPER
                                       && code != ErrorCode.UNKNOWN)
                               .count();
        assertEquals(codes.size(), ofTheHeader, "codes that the header does not have");
    }

    @Test
    void javasOwnKindsStandForWhatJavaHas() {
        assertInstanceOf(IllegalArgumentException.class, made(1));
        assertInstanceOf(CancellationException.class, made(15));
        assertInstanceOf(IllegalStateException.class, made(1001));
    }

    @Test
    void answersOfZooKeeperKeepTheirNumber() {
        ZooKeeperException noNode = assertInstanceOf(ZooKeeperException.class, made(-101));
        assertEquals(-101, noNode.number());
        assertTrue(noNode.codeName().endsWith("no_node"), noNode.codeName());
        assertEquals(ErrorCode.ZOOKEEPER, noNode.code());
    }

    @Test
    void codesOfTomorrowAreUnknown() {
        LeaseholdException unknown = assertInstanceOf(LeaseholdException.class, made(777));
        assertEquals(ErrorCode.UNKNOWN, unknown.code());
        assertEquals(777, unknown.number());
        assertEquals("unknown", unknown.codeName());
        assertNotEquals("unknown", ((LeaseholdException) made(2)).codeName());
    }

    @Test
    void partsAreToldWhereTheyAreKnown() {
        LeaseholdException known = (LeaseholdException) Errors.create(
            3, "text".getBytes(), "/a".getBytes(), "me".getBytes(), "n-1".getBytes(), 0,
            1_500_000);
        assertEquals("text", known.getMessage());
        assertEquals("/a", known.path().orElseThrow());
        assertEquals("me", known.holder().orElseThrow());
        assertEquals("n-1", known.holderNode().orElseThrow());
        assertEquals(0, known.position().orElseThrow());
        assertEquals(Duration.ofNanos(1_500_000), known.timeLeft().orElseThrow());
        LeaseholdException unknown = (LeaseholdException) made(3);
        assertTrue(unknown.path().isEmpty() && unknown.holder().isEmpty()
                   && unknown.holderNode().isEmpty() && unknown.position().isEmpty()
                   && unknown.timeLeft().isEmpty());
    }
}
