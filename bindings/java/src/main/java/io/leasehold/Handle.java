package io.leasehold;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * A handle of C's, freed once: by its owner's close(), else when the owner is garbage. Using it
 * afterwards is harmless, since C's handles are names.
 */
final class Handle implements Runnable {
    private static final Cleaner CLEANER = Cleaner.create();

    final long value;
    private final LongConsumer free;
    private final HandlerSlot[] slots;
    private final AtomicBoolean isFreed = new AtomicBoolean();
    private Cleaner.Cleanable cleanable;
    private String ofWhat;
    private BooleanSupplier isWorthAWarning;

    /** {@code free} must not lead back to the owner. */
    Handle(long value, LongConsumer free, HandlerSlot... slots) {
        this.value = value;
        this.free = free;
        this.slots = slots;
    }

    void freeWithGarbage(Object owner, String what, BooleanSupplier isWorthIt) {
        ofWhat = what;
        isWorthAWarning = isWorthIt;
        cleanable = CLEANER.register(owner, this);
    }

    void close() {
        free();
        cleanable.clean();
    }

    boolean free() {
        if (!isFreed.compareAndSet(false, true)) {
            return false;
        }
        free.accept(value);
        for (HandlerSlot slot : slots) {
            slot.close();
        }
        return true;
    }

    /** For the cleaner. */
    @Override
    public void run() {
        if (isFreed.get()) {
            return;
        }
        boolean isWarning = isWorthAWarning.getAsBoolean();
        if (free() && isWarning) {
            System.getLogger("io.leasehold")
                .log(System.Logger.Level.WARNING,
                     ofWhat + " was not closed, and nobody uses it any more: closed now");
        }
    }
}
