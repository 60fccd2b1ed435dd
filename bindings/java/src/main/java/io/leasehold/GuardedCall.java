package io.leasehold;

/** Work under a lock that answers something. */
@FunctionalInterface
public interface GuardedCall<T, X extends Exception> {
    T run(CallContext context) throws X;
}
