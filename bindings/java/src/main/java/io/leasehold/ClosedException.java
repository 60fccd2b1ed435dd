package io.leasehold;

/** The client was closed while the operation was under way. */
public final class ClosedException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    ClosedException(ErrorDetail detail) {
        super(detail);
    }
}
