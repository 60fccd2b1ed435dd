/* The stock C client, libzookeeper_mt: not a lock, but the two requests that one costs at least, a
 * create and a delete, each synchronous.
 *
 *     c_client HOSTS
 */
#include "c_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void give_up(const char* why) {
    fprintf(stderr, "c_client: %s\n", why);
    exit(1);
}

double now_us(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static void print(const char* name, const double* values, int count) {
    printf("\"%s\": [", name);
    for (int index = 0; index < count; ++index)
        printf("%s%.2f", index == 0 ? "" : ", ", values[index]);
    printf("]");
}

static void serial(zhandle_t* client, const char* path, int count) {
    double* const acquire = calloc((size_t)count, sizeof *acquire);
    double* const release = calloc((size_t)count, sizeof *release);
    char prefix[512];
    char node[1024];
    char data[64];
    memset(data, 'x', sizeof data);
    zoo_create(client, path, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0); /* or it is there */
    snprintf(prefix, sizeof prefix, "%s/lock-", path);
    for (int pair = 0; pair < count; ++pair) {
        const double begin = now_us();
        if (zoo_create(client, prefix, data, sizeof data, &ZOO_OPEN_ACL_UNSAFE,
                       ZOO_EPHEMERAL | ZOO_SEQUENCE, node, sizeof node) != ZOK)
            give_up("create failed");
        const double created = now_us();
        if (zoo_delete(client, node, -1) != ZOK)
            give_up("delete failed");
        acquire[pair] = created - begin;
        release[pair] = now_us() - created;
    }
    printf("{");
    print("acquire", acquire, count);
    printf(", ");
    print("release", release, count);
    printf("}\n");
    free(acquire);
    free(release);
}

/* The next word of a command, a number. */
static int next(void) {
    int number = 0;
    if (scanf("%d", &number) != 1)
        give_up("a command lacks a word");
    return number;
}

static void on_event(zhandle_t* client, int type, int state, const char* path, void* context) {
    (void)client, (void)type, (void)state, (void)path, (void)context;
}

int main(int argument_count, char** arguments) {
    char command[16];
    char path[256];
    if (argument_count != 2)
        give_up("usage: c_client HOSTS");
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zhandle_t* const client = zookeeper_init(arguments[1], on_event, 60000, NULL, NULL, 0);
    if (client == NULL || zoo_exists(client, "/", 0, NULL) != ZOK) /* waits for the connection */
        give_up("no server");
    puts("ready");
    fflush(stdout);
    while (scanf("%15s %255s", command, path) == 2) {
        if (strcmp(command, "serial") == 0) {
            serial(client, path, next());
        } else if (strcmp(command, "many") == 0) {
            const int depth = next();
            many(client, path, depth, next());
        } else {
            give_up("no such command");
        }
        fflush(stdout);
    }
    zookeeper_close(client);
    return 0;
}
