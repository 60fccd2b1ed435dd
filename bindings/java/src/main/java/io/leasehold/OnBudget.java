package io.leasehold;

/** What happens at the end of the budget. In the order of {@code lh_on_budget}. */
public enum OnBudget {
    /** The node is deleted at the deadline, whatever the caller does. */
    RELEASE,
    /** It stays until the guarded call returns, or for the longest hold. */
    HOLD_UNTIL_RETURN
}
