package io.leasehold;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Objects;

/** Durations as C takes them: whole milliseconds, of which a part counts as one. */
final class Millis {
    private Millis() {}

    static long of(Duration duration, String what) {
        Objects.requireNonNull(duration, what);
        if (duration.isNegative()) {
            throw new IllegalArgumentException(what + " is negative: " + duration);
        }
        try {
            // Rounded up: a wait of half a millisecond is a wait, and 0 would only try.
            return duration.plusNanos(999_999).toMillis();
        } catch (ArithmeticException overflow) {
            throw new IllegalArgumentException(what + " is too long: " + duration, overflow);
        }
    }

    /** The same, where C has a number for "for ever". */
    static long ofWait(Duration duration, String what) {
        boolean isForEver = ChronoUnit.FOREVER.getDuration().equals(duration);
        return isForEver ? Long.MAX_VALUE : of(duration, what);
    }
}
