package io.leasehold;

/** More contenders are ahead than the options allow. */
public final class QueueFullException extends NotAcquiredException {
    private static final long serialVersionUID = 1;

    QueueFullException(ErrorDetail detail) {
        super(detail);
    }
}
