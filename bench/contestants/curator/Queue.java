import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;

/** Waiters behind a holder, a thread for each. */
final class Queue {
    private static final class Waiter {
        Worker worker;
        double called;
        double granted;
    }

    private final CuratorFramework client;
    private final List<Waiter> waiters = new ArrayList<>();
    private InterProcessMutex held;

    Queue(CuratorFramework client) {
        this.client = client;
    }

    String hold(String path) throws Exception {
        held = new InterProcessMutex(client, path);
        held.acquire();
        return "{}";
    }

    /** By the thread that has taken it, as Curator wants it. */
    String letGo() throws Exception {
        final double released = CuratorContestant.nowMicros();
        held.release();
        return "{\"released\": " + released + "}";
    }

    /** Returns when all have called. */
    String enqueue(String path, int count) throws Exception {
        final CountDownLatch calling = new CountDownLatch(count);
        for (int number = 0; number < count; ++number) {
            final Waiter waiter = new Waiter();
            waiters.add(waiter);
            waiter.worker = Worker.start(() -> {
                final InterProcessMutex lock = new InterProcessMutex(client, path);
                waiter.called = CuratorContestant.nowMicros();
                calling.countDown();
                lock.acquire();
                waiter.granted = CuratorContestant.nowMicros();
                lock.release();
            });
        }
        calling.await();
        return "{}";
    }

    String drain() throws Exception {
        final List<String> rows = new ArrayList<>();
        for (final Waiter waiter : waiters) {
            waiter.worker.join();
            rows.add("[" + waiter.called + ", " + waiter.granted + "]");
        }
        waiters.clear();
        return "{\"waiters\": " + rows + ", \"done\": " + CuratorContestant.nowMicros() + "}";
    }
}
