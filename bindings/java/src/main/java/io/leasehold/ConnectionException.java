package io.leasehold;

/** No server, no connection, no session, no answer in time, or one that makes no sense. */
public final class ConnectionException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    ConnectionException(ErrorDetail detail) {
        super(detail);
    }
}
