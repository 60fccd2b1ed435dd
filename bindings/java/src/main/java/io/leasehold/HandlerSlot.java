package io.leasehold;

import java.util.function.IntConsumer;
import java.util.function.LongConsumer;

/** The one handler of some kind that a handle may have, and what C knows it by. */
final class HandlerSlot {
    private long id; // 0: none
    private boolean isClosed;

    /** {@code tell} hands C the id, 0 for none. */
    synchronized void set(IntConsumer handler, LongConsumer tell) {
        if (isClosed) {
            throw new IllegalStateException("closed before");
        }
        long next = handler == null ? 0 : Registry.add(handler);
        try {
            tell.accept(next);
        } catch (Throwable refused) {
            Registry.remove(next);
            throw refused;
        }
        Registry.remove(id);
        id = next;
    }

    synchronized void close() {
        isClosed = true;
        Registry.remove(id);
        id = 0;
    }
}
