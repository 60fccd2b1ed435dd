package io.leasehold.bench;

import io.leasehold.Client;
import io.leasehold.ClientOptions;
import io.leasehold.Lock;
import io.leasehold.LockOptions;
import java.time.Duration;

/**
 * What an uncontended acquisition and its awaited release cost: {@code HOSTS PATH COUNT [WARM-UP]}.
 * Prints one line for each pair, in microseconds, as bench/languages/lock_cost.cpp does. Pairs of the
 * warm-up are not printed.
 */
public final class LockCost {
    private LockCost() {}

    public static void main(String[] arguments) throws Exception {
        int count = Integer.parseInt(arguments[2]);
        int warmUp = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 0;
        // The tick is that of the servers that tests and benchmarks start.
        ClientOptions options = ClientOptions.defaults().withTick(Duration.ofMillis(200));
        LockOptions budget = LockOptions.budget(Duration.ofSeconds(1));
        Duration limit = Duration.ofSeconds(10);
        StringBuilder lines = new StringBuilder();
        try (Client client = Client.connect(arguments[0], options)) {
            client.waitConnected(limit);
            for (int i = -warmUp; i < count; ++i) {
                long begin = System.nanoTime();
                try (Lock lock = client.lock(arguments[1], budget)) {
                    lock.release(limit);
                }
                if (i >= 0) {
                    lines.append((System.nanoTime() - begin) / 1000.0).append('\n');
                }
            }
        }
        System.out.print(lines);
    }
}
