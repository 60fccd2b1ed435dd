// leasehold through Java.
//
//     java LeaseholdContestant HOSTS TICK_MS
import io.leasehold.Client;
import io.leasehold.ClientOptions;
import io.leasehold.Lock;
import io.leasehold.LockOptions;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.time.Duration;
import java.util.Arrays;

public final class LeaseholdContestant {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final LockOptions TERMS = LockOptions.budget(Duration.ofSeconds(2));

    private static String serial(Client client, String path, int count) throws InterruptedException {
        final double[] acquire = new double[count];
        final double[] release = new double[count];
        for (int pair = 0; pair < count; ++pair) {
            final long begin = System.nanoTime();
            final Lock lock = client.lock(path, TERMS);
            final long acquired = System.nanoTime();
            lock.release(LIMIT);
            final long released = System.nanoTime();
            lock.close();
            acquire[pair] = (acquired - begin) / 1e3;
            release[pair] = (released - acquired) / 1e3;
        }
        return "{\"acquire\": " + Arrays.toString(acquire) + ", \"release\": " + Arrays.toString(release) + "}";
    }

    public static void main(String[] arguments) throws Exception {
        final Duration tick = Duration.ofMillis(Long.parseLong(arguments[1]));
        try (Client client = Client.connect(arguments[0], ClientOptions.defaults().withTick(tick))) {
            client.waitConnected(LIMIT);
            System.out.println("ready");
            final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                final String[] words = line.split(" ");
                if (!words[0].equals("serial")) {
                    throw new IllegalArgumentException("no such command: " + line);
                }
                System.out.println(serial(client, words[1], Integer.parseInt(words[2])));
            }
        }
    }
}
