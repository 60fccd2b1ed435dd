package io.leasehold;

import io.leasehold.internal.Text;

/**
 * One entry of an access control list.
 *
 * @param permissions {@link #READ} and the others, added up
 */
public record Acl(int permissions, String scheme, String id) {
    public static final int READ = 1;
    public static final int WRITE = 2;
    public static final int CREATE = 4;
    public static final int DELETE = 8;
    public static final int ADMIN = 16;
    public static final int ALL = 31;

    public Acl {
        Text.utf8(scheme, "scheme");
        Text.utf8(id, "id");
    }
}
