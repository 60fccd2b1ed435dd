import java.util.ArrayList;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;

/** One lock that goes from session to session of one process, so that its times compare. */
final class Handoff implements CuratorContestant.Command {
    private final String hosts;
    private final List<CuratorFramework> clients = new ArrayList<>();

    Handoff(String hosts) {
        this.hosts = hosts;
    }

    @Override
    public String run(String[] words) throws Exception {
        final String path = words[1];
        final int sessions = Integer.parseInt(words[2]);
        final int wanted = Integer.parseInt(words[3]);
        final int holdMicros = Integer.parseInt(words[4]);
        while (clients.size() < sessions) {
            clients.add(CuratorContestant.connect(hosts));
        }
        final List<String> grants = new ArrayList<>();
        final List<Worker> workers = new ArrayList<>();
        for (int session = 0; session < sessions; ++session) {
            final int number = session;
            workers.add(Worker.start(() -> compete(number, path, wanted, holdMicros, grants)));
        }
        for (final Worker worker : workers) {
            worker.join();
        }
        return "{\"grants\": " + grants + "}";
    }

    private void compete(int session, String path, int wanted, int holdMicros, List<String> grants)
        throws Exception {
        final InterProcessMutex lock = new InterProcessMutex(clients.get(session), path);
        while (true) {
            synchronized (grants) {
                if (grants.size() >= wanted) {
                    return;
                }
            }
            lock.acquire();
            final double running = CuratorContestant.nowMicros();
            if (holdMicros > 0) {
                Thread.sleep(holdMicros / 1000, holdMicros % 1000 * 1000);
            }
            synchronized (grants) {
                grants.add("[" + session + ", " + running + ", " + CuratorContestant.nowMicros() + "]");
            }
            lock.release();
        }
    }
}
