// Curator's InterProcessMutex.
//
//     java CuratorContestant HOSTS
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;

public final class CuratorContestant {
    /** Takes the words of its line, and answers with an object of JSON. */
    interface Command {
        String run(String[] words) throws Exception;
    }

    private CuratorContestant() {
    }

    /** One more session. */
    static CuratorFramework connect(String hosts) throws InterruptedException {
        final CuratorFramework client = CuratorFrameworkFactory.builder()
            .connectString(hosts).sessionTimeoutMs(60_000).retryPolicy(new RetryOneTime(100)).build();
        client.start();
        client.blockUntilConnected();
        return client;
    }

    /** On a clock that all processes of this machine share. */
    static double nowMicros() {
        return System.nanoTime() / 1e3;
    }

    private static String serial(CuratorFramework client, String path, int count) throws Exception {
        final double[] acquire = new double[count];
        final double[] release = new double[count];
        for (int pair = 0; pair < count; ++pair) {
            final InterProcessMutex lock = new InterProcessMutex(client, path);
            final long begin = System.nanoTime();
            lock.acquire();
            final long acquired = System.nanoTime();
            lock.release();
            final long released = System.nanoTime();
            acquire[pair] = (acquired - begin) / 1e3;
            release[pair] = (released - acquired) / 1e3;
        }
        return "{\"acquire\": " + Arrays.toString(acquire) + ", \"release\": " + Arrays.toString(release) + "}";
    }

    /** A thread for each lock: Curator's calls block. */
    private static String many(CuratorFramework client, String path, int depth, int count) throws Exception {
        final List<Worker> workers = new ArrayList<>();
        final long begin = System.nanoTime();
        for (int number = 0; number < depth; ++number) {
            final InterProcessMutex lock = new InterProcessMutex(client, path + "-" + number);
            workers.add(Worker.start(() -> {
                for (int pair = 0; pair < count; ++pair) {
                    lock.acquire();
                    lock.release();
                }
            }));
        }
        for (final Worker worker : workers) {
            worker.join();
        }
        return "{\"seconds\": " + (System.nanoTime() - begin) / 1e9 + "}";
    }

    /** Tries on a lock that somebody else holds. */
    private static String tries(CuratorFramework client, String path, int count) throws Exception {
        final double[] costs = new double[count];
        for (int number = 0; number < count; ++number) {
            final InterProcessMutex lock = new InterProcessMutex(client, path);
            final long begin = System.nanoTime();
            if (lock.acquire(0, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the lock is not busy");
            }
            costs[number] = (System.nanoTime() - begin) / 1e3;
        }
        return "{\"try\": " + Arrays.toString(costs) + "}";
    }

    public static void main(String[] arguments) throws Exception {
        final String hosts = arguments[0];
        final CuratorFramework client = connect(hosts);
        final Handoff handoff = new Handoff(hosts);
        final Queue queue = new Queue(client);
        final Map<String, Command> commands = Map.of(
            "serial", words -> serial(client, words[1], Integer.parseInt(words[2])),
            "many", words -> many(client, words[1], Integer.parseInt(words[2]), Integer.parseInt(words[3])),
            "handoff", handoff,
            "hold", words -> queue.hold(words[1]),
            "let_go", words -> queue.letGo(),
            "enqueue", words -> queue.enqueue(words[1], Integer.parseInt(words[2])),
            "drain", words -> queue.drain(),
            "try", words -> tries(client, words[1], Integer.parseInt(words[2])));
        System.out.println("ready");
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            final String[] words = line.split(" ");
            final Command command = commands.get(words[0]);
            if (command == null) {
                throw new IllegalArgumentException("no such command: " + line);
            }
            System.out.println(command.run(words));
        }
        System.exit(0); // whatever threads there are
    }
}
