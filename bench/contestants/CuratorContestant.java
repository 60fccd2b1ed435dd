// Curator's InterProcessMutex.
//
//     java CuratorContestant HOSTS
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.Arrays;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.RetryOneTime;

public final class CuratorContestant {
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

    public static void main(String[] arguments) throws Exception {
        final CuratorFramework client = CuratorFrameworkFactory.builder()
            .connectString(arguments[0]).sessionTimeoutMs(60_000).retryPolicy(new RetryOneTime(100)).build();
        client.start();
        client.blockUntilConnected();
        System.out.println("ready");
        final BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            final String[] words = line.split(" ");
            if (!words[0].equals("serial")) {
                throw new IllegalArgumentException("no such command: " + line);
            }
            System.out.println(serial(client, words[1], Integer.parseInt(words[2])));
        }
        client.close();
    }
}
