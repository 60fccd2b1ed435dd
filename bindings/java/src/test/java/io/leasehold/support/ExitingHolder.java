package io.leasehold.support;

import io.leasehold.Client;
import io.leasehold.ClientOptions;
import io.leasehold.Lock;
import io.leasehold.LockOptions;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/**
 * A program that ends while it holds a lock: {@code HOSTS PATH HOW}, where HOW is
 *
 * <pre>
 * exit        System.exit in the work of a guarded call
 * stuck       the same, while another thread that is no daemon is stuck in one, and a handler too
 * signal      waits for its SIGTERM
 * return      main returns
 * stage       System.exit in a stage of a future
 * </pre>
 */
public final class ExitingHolder {
    /** Exit code of who calls System.exit. */
    public static final int CODE = 7;

    private ExitingHolder() {}

    public static void main(String[] arguments) throws Exception {
        ClientOptions options = ClientOptions.defaults()
                                    .withSessionTimeout(Duration.ofSeconds(20))
                                    .withTick(Duration.ofMillis(200))
                                    .withStandalone(true)
                                    .withAckGap(Duration.ofSeconds(1));
        Client client = Client.connect(arguments[0], options);
        Lock lock = client.lock(arguments[1]);
        System.out.println("held");
        System.in.read();
        switch (arguments[2]) {
            case "exit" -> lock.run(context -> System.exit(CODE));
            case "stuck" -> exitWhileStuck(client, lock, arguments[1]);
            case "signal" -> new CountDownLatch(1).await();
            case "stage" -> {
                client.lockAsync(arguments[1] + "-b", LockOptions.defaults())
                    .thenAccept(ignored -> System.exit(CODE));
                new CountDownLatch(1).await();
            }
            default -> { } // return
        }
    }

    private static void exitWhileStuck(Client client, Lock lock, String path) throws Exception {
        CountDownLatch stuck = new CountDownLatch(2);
        Lock brief = client.lock(path + "-b", LockOptions.budget(Duration.ofMillis(200)));
        new Thread(() -> lock.run(context -> {
            stuck.countDown();
            forEver();
        })).start();
        new Thread(() -> brief.run(context -> {
            context.onStop(() -> {
                stuck.countDown();
                forEver();
            });
            forEver();
        })).start();
        stuck.await();
        System.exit(CODE);
    }

    private static void forEver() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException never) {
            throw new IllegalStateException(never);
        }
    }
}
