package io.leasehold;

/** The guarded call came back late; the lock is released. */
public final class BudgetExceededException extends LockEndedException {
    private static final long serialVersionUID = 1;

    BudgetExceededException(ErrorDetail detail) {
        super(detail);
    }
}
