/* Takes a lock with the installed C interface, on servers inside this process. */
#include <leasehold/leasehold.h>
#include <leasehold/testing.h>

#include <stdio.h>
#include <string.h>

static int fails(const char* what, lh_error* error) {
    printf("%s: %s\n", what, lh_error_message(error));
    lh_error_free(error);
    return 1;
}

static int take_lock(lh_client* client) {
    lh_lock* lock = NULL;
    lh_lock* second = NULL;
    lh_error* error = NULL;
    lh_lock_options options;

    lh_lock_options_init(&options, sizeof options);
    if (lh_client_lock(client, "/install", &options, &lock, &error) != LH_OK) {
        return fails("lock", error);
    }
    options.wait_ms = 0;
    if (lh_client_lock(client, "/install", &options, &second, &error) != LH_WAIT_EXPIRED ||
        strcmp(lh_error_path(error), "/install") != 0) {
        return fails("a lock that is not free", error);
    }
    lh_error_free(error);
    if (!lh_lock_valid(lock) || lh_lock_token(lock) <= 0 || lh_lock_valid(second)) {
        return fails("what the lock says of itself", NULL);
    }
    lh_lock_free(lock);
    return 0;
}

int main(void) {
    char why[256] = "";
    lh_embedded_server* server = NULL;
    lh_client_options options;
    lh_client* client = NULL;
    lh_error* error = NULL;
    int result;

    if (lh_embedded_server_start(NULL, &server, why, sizeof why) != LH_OK) {
        printf("server: %s\n", why);
        return 1;
    }
    lh_client_options_init(&options, sizeof options);
    if (lh_embedded_server_client_options(server, 0, &options) != LH_OK ||
        lh_client_connect(lh_embedded_server_connect_string(server), &options, &client, &error) !=
            LH_OK) {
        return fails("connect", error);
    }
    result = take_lock(client);
    lh_client_free(client);
    lh_embedded_server_free(server);
    if (result == 0) {
        printf("C: locked with leasehold %s\n", lh_version());
    }
    return result;
}
