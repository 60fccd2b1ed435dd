package io.leasehold;

/** Session or node gone, or the safe deadline passed: stop. */
public final class LockLostException extends LockEndedException {
    private static final long serialVersionUID = 1;

    LockLostException(ErrorDetail detail) {
        super(detail);
    }
}
