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
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;
import org.apache.curator.framework.recipes.locks.Revoker;
import org.apache.curator.retry.RetryOneTime;
import org.apache.zookeeper.data.Stat;

/**
 * A contender that uses Curator's locks, told what to do line by line.
 *
 * <pre>
 * CuratorPeer HOSTS
 *
 * lock ID PATH [read|write|permits=N] -> queued ID; then granted ID
 *                                        (InterProcessMutex, or a half of
 *                                        InterProcessReadWriteLock; InterProcessSemaphoreV2)
 * lock ID PATH selector|latch          -> the same (LeaderSelector, LeaderLatch)
 * lock ID PATH revocable               -> the same (InterProcessMutex); asked ID once somebody asks
 *                                        it to let go
 * revoke NODE                         -> revoked NODE (Revoker)
 * granted? ID                         -> granted? ID yes|no
 * release ID                          -> released ID
 * </pre>
 *
 * The end of the input ends the process.
 */
public final class CuratorPeer {
    private static synchronized void say(String words) {
        System.out.println(words);
        System.out.flush();
    }

    private interface Lock {
        void acquire() throws Exception;

        void release() throws Exception;

        int contenders() throws Exception;
    }

    private static Lock lockOf(InterProcessMutex mutex) {
        return new Lock() {
            @Override
            public void acquire() throws Exception {
                mutex.acquire();
            }

            @Override
            public void release() throws Exception {
                mutex.release();
            }

            @Override
            public int contenders() throws Exception {
                return mutex.getParticipantNodes().size();
            }
        };
    }

    private static Lock semaphoreOf(CuratorFramework client, String path, int permits) {
        InterProcessSemaphoreV2 semaphore = new InterProcessSemaphoreV2(client, path, permits);
        return new Lock() {
            private Lease lease;

            @Override
            public void acquire() throws Exception {
                lease = semaphore.acquire();
            }

            @Override
            public void release() throws Exception {
                lease.close();
            }

            /** All but the first that waits do so for its mutex. */
            @Override
            public int contenders() throws Exception {
                return childrenOf("/leases") + childrenOf("/locks");
            }

            private int childrenOf(String child) throws Exception {
                Stat stat = client.checkExists().forPath(path + child);
                return stat == null ? 0 : stat.getNumChildren();
            }
        };
    }

    private static Lock latchOf(CuratorFramework client, String path) {
        LeaderLatch latch = new LeaderLatch(client, path);
        return new Lock() {
            @Override
            public void acquire() throws Exception {
                latch.start();
                latch.await();
            }

            @Override
            public void release() throws Exception {
                latch.close();
            }

            @Override
            public int contenders() throws Exception {
                return client.getChildren().forPath(path).size();
            }
        };
    }

    private static Lock selectorOf(CuratorFramework client, String path) {
        CountDownLatch elected = new CountDownLatch(1);
        CountDownLatch letGo = new CountDownLatch(1);
        // Not closed: that would interrupt it while it gives the leadership back.
        LeaderSelector selector =
            new LeaderSelector(client, path, new LeaderSelectorListenerAdapter() {
                @Override
                public void takeLeadership(CuratorFramework ignored) throws Exception {
                    elected.countDown();
                    letGo.await();
                }
            });
        return new Lock() {
            @Override
            public void acquire() throws Exception {
                selector.start();
                elected.await();
            }

            @Override
            public void release() {
                letGo.countDown();
            }

            @Override
            public int contenders() throws Exception {
                return client.getChildren().forPath(path).size();
            }
        };
    }

    private static Lock lockOf(CuratorFramework client, String path, String kind) {
        if (kind.startsWith("permits=")) {
            return semaphoreOf(client, path, Integer.parseInt(kind.substring(8)));
        }
        switch (kind) {
            case "read": return lockOf(new InterProcessReadWriteLock(client, path).readLock());
            case "selector": return selectorOf(client, path);
            case "latch": return latchOf(client, path);
            case "write": return lockOf(new InterProcessReadWriteLock(client, path).writeLock());
            default: return lockOf(new InterProcessMutex(client, path));
        }
    }

    private static Lock revocableOf(CuratorFramework client, String path, String id) {
        InterProcessMutex mutex = new InterProcessMutex(client, path);
        mutex.makeRevocable(ignored -> say("asked " + id));
        return lockOf(mutex);
    }

    /** A thread of its own, because a mutex of Curator's belongs to the thread that acquired it. */
    private static final class Contender extends Thread {
        private final String id;
        private final Lock lock;
        private final CountDownLatch letGo = new CountDownLatch(1);
        private volatile boolean isGranted = false;

        Contender(String id, Lock lock) {
            this.id = id;
            this.lock = lock;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                lock.acquire();
                isGranted = true;
                say("granted " + id);
                letGo.await();
                lock.release();
                say("released " + id);
            } catch (Exception failure) {
                say("failed " + id + " " + failure);
            }
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
                Lock lock = kind.equals("revocable")
                    ? revocableOf(client, words[2], words[1])
                    : lockOf(client, words[2], kind);
                Contender contender = new Contender(words[1], lock);
                contenders.put(words[1], contender);
                int before = contender.lock.contenders();
                contender.start();
                while (!contender.isGranted && contender.lock.contenders() == before) {
                    Thread.sleep(5);
                }
                say("queued " + words[1]);
            } else if (words[0].equals("granted?")) {
                say(line + (contenders.get(words[1]).isGranted ? " yes" : " no"));
            } else if (words[0].equals("revoke")) {
                Revoker.attemptRevoke(client, words[1]);
                say("revoked " + words[1]);
            } else {
                contenders.remove(words[1]).letGo.countDown();
            }
        }
        client.close();
    }
}
