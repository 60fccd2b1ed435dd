package io.leasehold;

/** A fenced resource has seen a newer token. */
public final class StaleTokenException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    StaleTokenException(ErrorDetail detail) {
        super(detail);
    }
}
