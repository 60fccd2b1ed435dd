/** A thread whose failure is not forgotten. */
final class Worker {
    interface Job {
        void run() throws Exception;
    }

    private final Thread thread;
    private volatile Exception failure;

    private Worker(Job job) {
        thread = new Thread(() -> {
            try {
                job.run();
            } catch (Exception thrown) {
                failure = thrown;
            }
        });
    }

    static Worker start(Job job) {
        final Worker worker = new Worker(job);
        worker.thread.start();
        return worker;
    }

    /** Waits for its end. */
    void join() throws Exception {
        thread.join();
        if (failure != null) {
            throw failure;
        }
    }
}
