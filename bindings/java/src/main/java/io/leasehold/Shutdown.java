package io.leasehold;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Closes all clients when the virtual machine ends, so that locks that are held then are free at
 * once, and not when their session expires.
 */
final class Shutdown {
    private static final long PATIENCE_MS = 1500; // a client closes within 1 s
    private static final Set<Handle> OPEN = ConcurrentHashMap.newKeySet();

    static {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(Shutdown::closeAll, "leasehold-exit"));
        } catch (IllegalStateException tooLate) {
            // It is ending already: who connects now has to close.
        }
    }

    private Shutdown() {}

    static void add(Handle client) {
        OPEN.add(client);
    }

    static void remove(Handle client) {
        OPEN.remove(client);
    }

    private static void closeAll() {
        List<Thread> closing = new ArrayList<>();
        for (Handle client : OPEN) {
            Thread thread = new Thread(client::free, "leasehold-exit-client");
            thread.setDaemon(true);
            thread.start();
            closing.add(thread);
        }
        long end = System.nanoTime() + PATIENCE_MS * 1_000_000;
        try {
            for (Thread thread : closing) {
                thread.join(Math.max(1, (end - System.nanoTime()) / 1_000_000));
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
