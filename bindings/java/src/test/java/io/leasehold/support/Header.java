package io.leasehold.support;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assumptions;

/** The enumerations of leasehold.h. */
public final class Header {
    private static final Pattern VALUE = Pattern.compile("\\bLH_(\\w+) = (\\d+)");

    private Header() {}

    /** Names without "LH_" and numbers, in their order. */
    public static Map<String, Integer> values(String type) throws Exception {
        String header = System.getProperty("leasehold.header");
        Assumptions.assumeTrue(header != null, "-Dleasehold.header=FILE is not given");
        String text = Files.readString(Path.of(header));
        int begin = text.indexOf("typedef enum " + type + " {");
        int end = text.indexOf("} " + type + ";");
        assertTrue(begin >= 0 && end > begin, "no " + type);
        Map<String, Integer> values = new LinkedHashMap<>();
        for (Matcher each = VALUE.matcher(text.substring(begin, end)); each.find();) {
            values.put(each.group(1), Integer.valueOf(each.group(2)));
        }
        return values;
    }
}
