/* A user in C: compiled as C99, it sees nothing but the two headers. */
#include <leasehold/leasehold.h>
#include <leasehold/testing.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(int is_good, const char* what, lh_error* error) {
    if (!is_good) {
        fprintf(stderr, "%s: %s\n", what, error != NULL ? lh_error_message(error) : "");
        exit(1);
    }
}

static int charge(lh_call* call, void* user) {
    int* const charges = user;
    *charges += 1;
    return lh_call_remaining_ns(call) > 0 ? 7 : 0;
}

int main(void) {
    char message[256] = "";
    lh_embedded_server* server = NULL;
    lh_client_options options;
    lh_client* client = NULL;
    lh_lock_options terms;
    lh_lock* lock = NULL;
    lh_lock* second = NULL;
    lh_error* error = NULL;
    int charges = 0;
    int answer = 0;

    check(lh_embedded_server_start(NULL, &server, message, sizeof message) == LH_OK, message, NULL);
    lh_client_options_init(&options, sizeof options);
    check(lh_embedded_server_client_options(server, 0, &options) == LH_OK, "options", NULL);
    check(lh_client_connect(lh_embedded_server_connect_string(server), &options, &client, &error) ==
              LH_OK,
          "connect", error);

    lh_lock_options_init(&terms, sizeof terms);
    terms.budget_ms = 5000;
    terms.wait_ms = 0;
    check(lh_client_lock(client, "/orders/42", &terms, &lock, &error) == LH_OK, "lock", error);
    check(lh_lock_token(lock) > 0, "token", NULL);
    check(strcmp(lh_lock_path(lock, 0), "/orders/42") == 0, "path", NULL);
    check(lh_lock_call(lock, charge, &charges, &answer, &error) == LH_OK, "call", error);
    check(charges == 1 && answer == 7, "what the call returned", NULL);

    check(lh_client_lock(client, "/orders/42", &terms, &second, &error) == LH_WAIT_EXPIRED,
          "a lock that is held", error);
    check(second == NULL, "no lock", NULL);
    check(lh_error_position(error) == 1, "position", error);
    lh_error_free(error);

    check(lh_lock_release(lock, 5000, &error) == LH_OK, "release", error);
    check(lh_embedded_server_nodes(server, "/orders/42") == 0, "the node is gone", NULL);
    lh_lock_free(lock);
    check(lh_client_close(client, 5000, &error) == LH_OK, "close", error);
    lh_client_free(client);
    lh_embedded_server_free(server);
    return 0;
}
