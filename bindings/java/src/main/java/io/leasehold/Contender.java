package io.leasehold;

import io.leasehold.internal.Text;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One contender of a lock. What it says of itself comes from its record and is shown, never trusted.
 * Texts are "" and numbers 0 where unknown.
 *
 * @param node name of the node
 * @param sequence place in the order
 * @param isHeld those ahead of it leave room for it
 * @param isAsked somebody has asked it to let go
 * @param isDowngraded it was exclusive, and lets in who shares
 * @param token what its fencing token is at least, once it holds
 * @param blockedBy the nearest of those it waits for
 * @param payload of a candidate for leadership
 * @param session the last 4 hex digits of its session id
 */
public record Contender(String node, long sequence, boolean isHeld, boolean isAsked, LockKind kind,
                        boolean isDowngraded, long token, String blockedBy, String owner,
                        String host, long pid, Duration age, Optional<Duration> budget,
                        String traceId, String payload, String session) {
    private static final LockKind[] KINDS = LockKind.values();

    /** Reads C's list, and frees it. */
    static List<Contender> take(long list) {
        try {
            long[] numbers = NativeQueue.numbers(list);
            byte[][] texts = NativeQueue.texts(list);
            List<Contender> contenders = new ArrayList<>();
            for (int i = 0; i < numbers.length / NativeQueue.NUMBERS; ++i) {
                contenders.add(of(numbers, i * NativeQueue.NUMBERS, texts, i * NativeQueue.TEXTS));
            }
            return List.copyOf(contenders);
        } finally {
            NativeQueue.free(list);
        }
    }

    /** In the order in which queue.cpp writes them. */
    private static Contender of(long[] numbers, int n, byte[][] texts, int t) {
        long budget = numbers[n + 8];
        return new Contender(
            Text.of(texts[t]), numbers[n], numbers[n + 1] != 0, numbers[n + 2] != 0,
            KINDS[(int) numbers[n + 3]], numbers[n + 4] != 0, numbers[n + 5],
            Text.of(texts[t + 1]), Text.of(texts[t + 2]), Text.of(texts[t + 3]), numbers[n + 6],
            Duration.ofMillis(numbers[n + 7]),
            budget < 0 ? Optional.empty() : Optional.of(Duration.ofMillis(budget)),
            Text.of(texts[t + 4]), Text.of(texts[t + 5]), Text.of(texts[t + 6]));
    }
}
