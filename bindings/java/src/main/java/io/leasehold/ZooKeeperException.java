package io.leasehold;

/** An answer of ZooKeeper's own; {@link #number()} is its number on the wire. */
public final class ZooKeeperException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    ZooKeeperException(ErrorDetail detail) {
        super(detail);
    }
}
