package io.leasehold;

import io.leasehold.internal.Text;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Why something could not be done, with the parts where they are known.
 *
 * <p>Unchecked, because the same exception is thrown by the blocking functions and carried by the
 * futures, and has to pass through the lambdas of a guarded call. Wrong arguments and the use of
 * what was closed are Java's own {@link IllegalArgumentException} and {@link IllegalStateException},
 * with one of these as their cause where C has found them; what was taken back is a
 * {@link java.util.concurrent.CancellationException}.
 */
public class LeaseholdException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final ErrorDetail detail;

    LeaseholdException(ErrorDetail detail) {
        super(detail.message());
        this.detail = detail;
    }

    public ErrorCode code() {
        return detail.code();
    }

    /** The code's number; of {@link ErrorCode#ZOOKEEPER} the one that the server has sent. */
    public int number() {
        return detail.number();
    }

    /** The code's name in lower case, e.g. "wait_expired". */
    public String codeName() {
        return Text.of(NativeLibrary.codeName(detail.number()));
    }

    /** The lock's path. */
    public Optional<String> path() {
        return known(detail.path());
    }

    /** Who holds the lock, from its record: to be shown, never trusted. */
    public Optional<String> holder() {
        return known(detail.holder());
    }

    /** The holder's node. */
    public Optional<String> holderNode() {
        return known(detail.holderNode());
    }

    /** Our place in the queue, where 0 would hold. */
    public OptionalLong position() {
        return detail.position() < 0 ? OptionalLong.empty() : OptionalLong.of(detail.position());
    }

    /** What was left of the wait, the budget or the lease. */
    public Optional<Duration> timeLeft() {
        return detail.timeLeftNanos() < 0 ? Optional.empty()
                                          : Optional.of(Duration.ofNanos(detail.timeLeftNanos()));
    }

    private static Optional<String> known(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }
}
