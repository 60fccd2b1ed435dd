package io.leasehold.internal;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * Finds the native library: the file that a system property names, else the one in our jar, which
 * is unpacked into a file that has no name any more once it is loaded.
 */
public final class Loader {
    private Loader() {}

    /** {@code owner} has to be of the jar that has the library. */
    public static void load(Class<?> owner, String name, String property) {
        String given = System.getProperty(property);
        if (given != null) {
            System.load(Path.of(given).toAbsolutePath().toString());
            return;
        }
        String resource = "/native/" + platform() + "/lib" + name + ".so";
        try (InputStream packed = owner.getResourceAsStream(resource)) {
            if (packed == null) {
                throw new UnsatisfiedLinkError(
                    "no " + resource + " in the jar; -D" + property + "=FILE names another");
            }
            Path file = Files.createTempFile("lib" + name, ".so");
            try {
                Files.copy(packed, file, StandardCopyOption.REPLACE_EXISTING);
                System.load(file.toString());
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot unpack " + resource, failure);
        }
    }

    private static String platform() {
        String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
        String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        return system + "-" + (machine.equals("amd64") ? "x86_64" : machine);
    }
}
