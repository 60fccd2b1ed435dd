package io.leasehold;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What C may call back for, by the number that C was given for it. A call that comes late finds
 * nothing here, and is dropped.
 */
final class Registry {
    private static final AtomicLong LAST = new AtomicLong();
    private static final ConcurrentHashMap<Long, Object> ENTRIES = new ConcurrentHashMap<>();

    private Registry() {}

    static long add(Object entry) {
        long id = LAST.incrementAndGet();
        ENTRIES.put(id, entry);
        return id;
    }

    static Object find(long id) {
        return ENTRIES.get(id);
    }

    static Object remove(long id) {
        return ENTRIES.remove(id);
    }

    static int size() {
        return ENTRIES.size();
    }
}
