package io.leasehold;

import io.leasehold.internal.Text;
import java.util.concurrent.Executor;

/** Hands what the client logs to a System.Logger: "event name=value name=value". */
final class LogBridge implements Upcalls.LogSink {
    // In the order of lh_log_level.
    private static final System.Logger.Level[] LEVELS = {
        System.Logger.Level.DEBUG, System.Logger.Level.INFO, System.Logger.Level.WARNING,
        System.Logger.Level.ERROR};

    private final System.Logger logger;
    private final Executor executor;

    LogBridge(System.Logger logger, Executor executor) {
        this.logger = logger;
        this.executor = new SerialExecutor(executor);
    }

    @Override
    public void accept(int number, byte[] event, byte[][] names, byte[][] values) {
        System.Logger.Level level = LEVELS[number];
        executor.execute(() -> {
            if (logger.isLoggable(level)) {
                logger.log(level, () -> line(event, names, values));
            }
        });
    }

    private static String line(byte[] event, byte[][] names, byte[][] values) {
        StringBuilder line = new StringBuilder(Text.of(event));
        for (int i = 0; i < names.length; ++i) {
            line.append(' ').append(Text.of(names[i])).append('=').append(Text.of(values[i]));
        }
        return line.toString();
    }
}
