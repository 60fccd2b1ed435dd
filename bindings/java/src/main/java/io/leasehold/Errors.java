package io.leasehold;

import io.leasehold.internal.Text;
import java.util.concurrent.CancellationException;

/** Which exception stands for which code. */
final class Errors {
    private Errors() {}

    /** Called by C's side. */
    static Throwable create(int number, byte[] message, byte[] path, byte[] holder,
                            byte[] holderNode, long position, long timeLeftNanos) {
        return of(new ErrorDetail(ErrorCode.of(number), number, Text.of(message), Text.of(path),
                                  Text.of(holder), Text.of(holderNode), position, timeLeftNanos));
    }

    static RuntimeException of(ErrorDetail detail) {
        return switch (detail.code()) {
            case INVALID_ARGUMENT ->
                new IllegalArgumentException(detail.message(), new LeaseholdException(detail));
            case INVALID_HANDLE ->
                new IllegalStateException("closed before", new LeaseholdException(detail));
            case CANCELLED -> cancelled(detail);
            case WAIT_EXPIRED -> new WaitExpiredException(detail);
            case QUEUE_FULL -> new QueueFullException(detail);
            case HOPELESS_WAIT -> new HopelessWaitException(detail);
            case BUDGET_REFUSED -> new BudgetRefusedException(detail);
            case BUDGET_EXCEEDED -> new BudgetExceededException(detail);
            case LOCK_LOST -> new LockLostException(detail);
            case STALE_TOKEN -> new StaleTokenException(detail);
            case NOT_PERMITTED -> new NotPermittedException(detail);
            case NO_SERVER, PROTOCOL_ERROR, SESSION_EXPIRED, CONNECTION_LOST, NO_CHROOT,
                TIMED_OUT, TLS_FAILED, AUTH_FAILED -> new ConnectionException(detail);
            case PERMITS_DISAGREE, MIXED_QUEUE, SEQUENCE_EXHAUSTED ->
                new UnusablePathException(detail);
            case OVERLOADED, QUEUE_TOO_LONG -> new OverloadedException(detail);
            case CLOSED, FORKED -> new ClosedException(detail);
            case ZOOKEEPER -> new ZooKeeperException(detail);
            case WOULD_DEADLOCK, UNSUPPORTED, CALL_FAILED, SYSTEM_ERROR, OUT_OF_MEMORY, UNKNOWN ->
                new LeaseholdException(detail);
        };
    }

    private static RuntimeException cancelled(ErrorDetail detail) {
        CancellationException cancelled = new CancellationException(detail.message());
        cancelled.initCause(new LeaseholdException(detail));
        return cancelled;
    }
}
