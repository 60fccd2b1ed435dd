package io.leasehold;

/** The lock was not ours to the end: what the work answered must not be trusted. */
public class LockEndedException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    LockEndedException(ErrorDetail detail) {
        super(detail);
    }
}
