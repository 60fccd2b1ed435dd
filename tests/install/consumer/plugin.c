/* Loads the library when it runs, as a plugin does, and lets go of it while a lock is held: threads
 * of the library are still running then. Arguments: the library, and that of servers for tests. */
#include <leasehold/leasehold.h>
#include <leasehold/testing.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ISO C has no conversion from an object's address to a function's. */
static void find(void* library, const char* name, void* function) {
    void* const symbol = dlsym(library, name);
    if (symbol == NULL) {
        printf("%s\n", dlerror());
        exit(1);
    }
    memcpy(function, &symbol, sizeof symbol);
}

int main(int count, char** arguments) {
    void* const library = count == 3 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    void* const servers = count == 3 ? dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL) : NULL;
    int (*start)(const lh_embedded_server_options*, lh_embedded_server**, char*, size_t);
    const char* (*hosts)(lh_embedded_server*);
    int (*fit)(lh_embedded_server*, int64_t, lh_client_options*);
    void (*stop)(lh_embedded_server*);
    void (*init)(lh_client_options*, size_t);
    int (*begin)(const char*, const lh_client_options*, lh_client**, lh_error**);
    int (*take)(lh_client*, const char*, const lh_lock_options*, lh_lock**, lh_error**);
    int (*valid)(lh_lock*);
    void (*end)(lh_client*);
    lh_embedded_server* server = NULL;
    lh_client_options options;
    lh_client* client = NULL;
    lh_lock* lock = NULL;

    if (library == NULL || servers == NULL) {
        printf("%s\n", dlerror());
        return 1;
    }
    find(servers, "lh_embedded_server_start", &start);
    find(servers, "lh_embedded_server_connect_string", &hosts);
    find(servers, "lh_embedded_server_client_options", &fit);
    find(servers, "lh_embedded_server_free", &stop);
    find(library, "lh_client_options_init", &init);
    find(library, "lh_client_connect", &begin);
    find(library, "lh_client_lock", &take);
    find(library, "lh_lock_valid", &valid);
    find(library, "lh_client_free", &end);

    init(&options, sizeof options);
    if (start(NULL, &server, NULL, 0) != LH_OK || fit(server, 0, &options) != LH_OK ||
        begin(hosts(server), &options, &client, NULL) != LH_OK ||
        take(client, "/plugin", NULL, &lock, NULL) != LH_OK) {
        printf("no lock\n");
        return 1;
    }
    dlclose(library);
    dlclose(servers);
    if (dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) == NULL || !valid(lock)) {
        printf("the library went away under its threads\n");
        return 1;
    }
    end(client);
    stop(server);
    printf("plugin: locked\n");
    return 0;
}
