package io.leasehold.support;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program of ours in a virtual machine of its own, with the libraries of this one. */
public final class ChildJvm implements AutoCloseable {
    private static final String[] PROPERTIES = {"leasehold.library", "leasehold.testing.library"};

    private final Process process;
    private final BufferedReader output;

    private ChildJvm(Process process) {
        this.process = process;
        output = new BufferedReader(new InputStreamReader(process.getInputStream()));
    }

    public static ChildJvm start(Class<?> program, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xcheck:jni", "-cp",
                               System.getProperty("java.class.path")));
        for (String property : PROPERTIES) {
            if (System.getProperty(property) != null) {
                command.add("-D" + property + "=" + System.getProperty(property));
            }
        }
        command.add(program.getName());
        command.addAll(List.of(arguments));
        return new ChildJvm(
            new ProcessBuilder(command).redirectErrorStream(true).start());
    }

    /** Waits until it says this line. */
    public void awaitLine(String expected) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.equals(expected)) {
                return;
            }
            said.append(line).append('\n');
        }
        fail("it ended without saying '" + expected + "':\n" + said);
    }

    /** Ends its wait for a byte. */
    public void go() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
    }

    /** SIGTERM. */
    public void terminate() {
        process.toHandle().destroy(); // Process.destroy would close its output as well
    }

    /** Returns the exit code; what it says meanwhile must be nothing. */
    public int awaitExit(Duration limit) throws Exception {
        assertTrue(process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS),
                   "it did not end within " + limit);
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            said.append(line).append('\n');
        }
        assertTrue(said.isEmpty(), said.toString());
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
