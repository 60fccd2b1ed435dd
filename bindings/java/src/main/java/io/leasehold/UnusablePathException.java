package io.leasehold;

/** The path is used in a way that does not go with ours, or is worn out: take another. */
public final class UnusablePathException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    UnusablePathException(ErrorDetail detail) {
        super(detail);
    }
}
