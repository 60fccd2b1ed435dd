package io.leasehold;

/** Work under a lock that answers nothing. */
@FunctionalInterface
public interface GuardedRun<X extends Exception> {
    void run(CallContext context) throws X;
}
