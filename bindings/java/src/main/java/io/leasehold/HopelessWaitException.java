package io.leasehold;

/** At the observed pace the wait would expire first. */
public final class HopelessWaitException extends NotAcquiredException {
    private static final long serialVersionUID = 1;

    HopelessWaitException(ErrorDetail detail) {
        super(detail);
    }
}
