package io.leasehold;

/** ACL or authentication refuses us. */
public final class NotPermittedException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    NotPermittedException(ErrorDetail detail) {
        super(detail);
    }
}
