package io.leasehold;

/** Not acquired within the wait; {@link #holder()} has it. */
public final class WaitExpiredException extends NotAcquiredException {
    private static final long serialVersionUID = 1;

    WaitExpiredException(ErrorDetail detail) {
        super(detail);
    }
}
