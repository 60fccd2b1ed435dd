package io.leasehold.examples;

import io.leasehold.BudgetExceededException;
import io.leasehold.Client;
import io.leasehold.ClientOptions;
import io.leasehold.Lock;
import io.leasehold.LockOptions;
import io.leasehold.WaitExpiredException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** What README.md quotes; ReadmeTest runs it. */
public final class FirstLock {
    private FirstLock() {}

    /** Returns the fencing token. */
    public static long first(String servers, ClientOptions options) throws InterruptedException {
        //! [lock]
        try (Client client = Client.connect(servers, options);
             Lock lock = client.lock("/orders/42", LockOptions.budget(Duration.ofSeconds(10))
                                                       .withWait(Duration.ofSeconds(2)))) {
            System.out.println("ours for " + lock.remaining() + ", token " + lock.token());
            return lock.token();
        } catch (WaitExpiredException busy) {
            // Who holds it, our place in the queue, and why.
            System.out.println(busy.getMessage());
            return 0;
        }
        //! [lock]
    }

    /** Returns whether it was charged. */
    public static boolean guarded(Lock lock) throws InterruptedException {
        //! [guard]
        try {
            return lock.call(context -> {
                // What blocks gets what is left of the time; what can be stopped is stopped.
                Payment payment = new Payment(context.token());
                context.onStop(payment::stop);
                return payment.await(context.remaining());
            });
        } catch (BudgetExceededException late) {
            return false; // it came back late: the lock was released, and the answer is worth nothing
        }
        //! [guard]
    }

    /** Returns the sum of both stages. */
    public static CompletableFuture<Integer> async(Client client) {
        //! [async]
        CompletableFuture<Lock> asked =
            client.lockAsync("/orders/42", LockOptions.budget(Duration.ofSeconds(1)));
        CompletableFuture<Integer> priced = asked.thenCompose(
            lock -> lock.callAsync(context -> CompletableFuture.supplyAsync(() -> 42))
                        .whenComplete((price, error) -> lock.close()));
        // asked.cancel(true) would take the acquisition back, on the server as well.
        //! [async]
        return priced;
    }

    /** A call to somebody who may not answer. */
    private static final class Payment {
        private final CompletableFuture<Boolean> answer = new CompletableFuture<>();

        Payment(long token) {
            answer.completeOnTimeout(token > 0, 1, TimeUnit.MILLISECONDS);
        }

        void stop() {
            answer.complete(false);
        }

        boolean await(Duration limit) {
            return answer.completeOnTimeout(false, limit.toMillis(), TimeUnit.MILLISECONDS).join();
        }
    }
}
