package io.leasehold;

/** The lock is somebody else's, and will be for too long: come back later, or shed the request. */
public class NotAcquiredException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    NotAcquiredException(ErrorDetail detail) {
        super(detail);
    }
}
