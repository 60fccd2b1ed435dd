package io.leasehold;

/** The lease arithmetic cannot honour the budget; the message has the numbers. */
public final class BudgetRefusedException extends LeaseholdException {
    private static final long serialVersionUID = 1;

    BudgetRefusedException(ErrorDetail detail) {
        super(detail);
    }
}
