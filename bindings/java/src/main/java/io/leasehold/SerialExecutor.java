package io.leasehold;

import java.util.ArrayDeque;
import java.util.concurrent.Executor;

/** Runs tasks one after the other, in their order. Beyond its cap it drops what comes. */
final class SerialExecutor implements Executor {
    private static final int CAP = 10_000;

    private final Executor executor;
    private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    private boolean isRunning;

    SerialExecutor(Executor executor) {
        this.executor = executor;
    }

    @Override
    public void execute(Runnable task) {
        synchronized (tasks) {
            if (tasks.size() >= CAP) {
                return; // whoever is told has not come back for that many
            }
            tasks.add(task);
            if (isRunning) {
                return;
            }
            isRunning = true;
        }
        Threads.execute(executor, this::runAll);
    }

    private void runAll() {
        while (true) {
            Runnable task;
            synchronized (tasks) {
                task = tasks.poll();
                if (task == null) {
                    isRunning = false;
                    return;
                }
            }
            try {
                task.run();
            } catch (Throwable failure) {
                Threads.uncaught(failure);
            }
        }
    }
}
