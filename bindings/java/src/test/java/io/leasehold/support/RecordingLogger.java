package io.leasehold.support;

import java.util.List;
import java.util.ResourceBundle;

/** Keeps what is logged. */
public class RecordingLogger implements System.Logger {
    private final List<String> lines;

    public RecordingLogger(List<String> lines) {
        this.lines = lines;
    }

    @Override
    public String getName() {
        return "recording";
    }

    @Override
    public boolean isLoggable(Level level) {
        return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String message, Throwable thrown) {
        lines.add(level + " " + message);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... arguments) {
        lines.add(level + " " + format);
    }
}
