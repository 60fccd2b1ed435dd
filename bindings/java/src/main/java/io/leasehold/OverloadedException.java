package io.leasehold;

/** A queue or buffer is at its cap: shed load. */
public final class OverloadedException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    OverloadedException(ErrorDetail detail) {
        super(detail);
    }
}
