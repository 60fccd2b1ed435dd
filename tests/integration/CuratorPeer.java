import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.retry.RetryOneTime;

/**
 * A contender that uses Curator's locks, told what to do line by line.
 *
 * <pre>
 * CuratorPeer HOSTS
 *
 * lock ID PATH [read|write] -> queued ID; then granted ID
 *                              (InterProcessMutex, or a half of InterProcessReadWriteLock)
 * lock ID PATH selector|latch -> the same (LeaderSelector, LeaderLatch)
 * granted? ID               -> granted? ID yes|no
 * release ID                -> released ID
 * </pre>
 *
 * The end of the input ends the process.
 */
public final class CuratorPeer {
    private static synchronized void say(String words) {
        System.out.println(words);
        System.out.flush();
    }

    /** A thread of its own, because a mutex of Curator's belongs to the thread that acquired it. */
    private abstract static class Contender extends Thread {
        private final String id;
        private final CountDownLatch letGo = new CountDownLatch(1);
        private volatile boolean isGranted = false;

        Contender(String id) {
            this.id = id;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                contend();
                say("released " + id);
            } catch (Exception failure) {
                say("failed " + id + " " + failure);
            }
        }

        /** Comes back when it was granted, let go and given back. */
        abstract void contend() throws Exception;

        abstract int contenders() throws Exception;

        void hold() throws InterruptedException {
            isGranted = true;
            say("granted " + id);
            letGo.await();
        }
    }

    private static final class Locker extends Contender {
        private final InterProcessMutex mutex;

        Locker(String id, InterProcessMutex mutex) {
            super(id);
            this.mutex = mutex;
        }

        @Override
        void contend() throws Exception {
            mutex.acquire();
            hold();
            mutex.release();
        }

        @Override
        int contenders() throws Exception {
            return mutex.getParticipantNodes().size();
        }
    }

    private static final class Candidate extends Contender {
        private final CuratorFramework client;
        private final String path;
        private final boolean isLatch;

        Candidate(String id, CuratorFramework client, String path, boolean isLatch) {
            super(id);
            this.client = client;
            this.path = path;
            this.isLatch = isLatch;
        }

        @Override
        void contend() throws Exception {
            if (isLatch) {
                try (LeaderLatch latch = new LeaderLatch(client, path)) {
                    latch.start();
                    latch.await();
                    hold();
                }
                return;
            }
            CountDownLatch led = new CountDownLatch(1);
            // Not closed: that would interrupt it while it gives the leadership back.
            new LeaderSelector(client, path, new LeaderSelectorListenerAdapter() {
                @Override
                public void takeLeadership(CuratorFramework ignored) throws Exception {
                    hold();
                    led.countDown();
                }
            }).start();
            led.await();
        }

        @Override
        int contenders() throws Exception {
            return client.getChildren().forPath(path).size();
        }
    }

    private static Contender contenderOf(
            CuratorFramework client, String id, String path, String kind) {
        if (kind.equals("selector") || kind.equals("latch")) {
            return new Candidate(id, client, path, kind.equals("latch"));
        }
        return new Locker(id, lockOf(client, path, kind));
    }

    private static InterProcessMutex lockOf(CuratorFramework client, String path, String kind) {
        switch (kind) {
            case "read": return new InterProcessReadWriteLock(client, path).readLock();
            case "write": return new InterProcessReadWriteLock(client, path).writeLock();
            default: return new InterProcessMutex(client, path);
        }
    }

    public static void main(String[] arguments) throws Exception {
        CuratorFramework client =
            CuratorFrameworkFactory.newClient(arguments[0], 10_000, 10_000, new RetryOneTime(100));
        client.start();
        client.blockUntilConnected();
        say("ready");
        Map<String, Contender> contenders = new HashMap<>();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] words = line.split(" ");
            if (words[0].equals("lock")) {
                String kind = words.length > 3 ? words[3] : "";
                Contender contender = contenderOf(client, words[1], words[2], kind);
                contenders.put(words[1], contender);
                int before = contender.contenders();
                contender.start();
                while (contender.contenders() == before) {
                    Thread.sleep(5);
                }
                say("queued " + words[1]);
            } else if (words[0].equals("granted?")) {
                say(line + (contenders.get(words[1]).isGranted ? " yes" : " no"));
            } else {
                contenders.remove(words[1]).letGo.countDown();
            }
        }
        client.close();
    }
}
