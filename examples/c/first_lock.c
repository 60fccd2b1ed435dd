/* Takes a lock, works under it within its budget, and gives it back. */
#include <leasehold/leasehold.h>

#include <stdio.h>

//! [guarded]
static int charge(lh_call* call, void* order) {
    /* The deadline for whatever blocks in here, and the token for what it writes. */
    printf("%s: %.1f s for the charge, fencing token %lld\n", (const char*)order,
           (double)lh_call_remaining_ns(call) / 1e9, (long long)lh_call_token(call));
    return 0;
}
//! [guarded]

int main(int argument_count, char** arguments) {
    const char* const servers = argument_count > 1 ? arguments[1] : "127.0.0.1:2181";

    //! [lock]
    lh_client* client = NULL;
    lh_lock* lock = NULL;
    lh_error* error = NULL;
    lh_lock_options options;
    lh_lock_options_init(&options, sizeof options);
    options.wait_ms = 2000;
    options.budget_ms = 10000;
    if (lh_client_connect(servers, NULL, &client, &error) != LH_OK ||
        lh_client_lock(client, "/orders/42", &options, &lock, &error) != LH_OK ||
        lh_lock_call(lock, charge, "order 42", NULL, &error) != LH_OK) {
        fprintf(stderr, "%s\n", lh_error_message(error));
    }
    const int code = error == NULL ? 0 : 1;
    lh_error_free(error);
    lh_lock_free(lock);     /* releases, and does not wait for it */
    lh_client_free(client); /* closes the session */
    //! [lock]
    return code;
}
