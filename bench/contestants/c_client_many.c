/* Many pairs of an asynchronous create and delete under way at once: each completion starts the
 * next request, on the client's own thread. */
#include "c_client.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { most_path = 256, data_size = 64 };

struct run {
    zhandle_t* client;
    pthread_mutex_t mutex;
    pthread_cond_t is_done;
    int left; /* locks that have pairs to do */
};

struct lock {
    struct run* run;
    int left; /* pairs */
    char prefix[most_path + 32];
};

static void create_next(struct lock* lock);

static void on_deleted(int code, const void* context) {
    struct lock* const lock = (struct lock*)context;
    struct run* const run = lock->run;
    if (code != ZOK)
        give_up("delete failed");
    if (--lock->left > 0) {
        create_next(lock);
        return;
    }
    pthread_mutex_lock(&run->mutex);
    if (--run->left == 0)
        pthread_cond_signal(&run->is_done);
    pthread_mutex_unlock(&run->mutex);
}

static void on_created(int code, const char* node, const void* context) {
    const struct lock* const lock = context;
    if (code != ZOK || zoo_adelete(lock->run->client, node, -1, on_deleted, lock) != ZOK)
        give_up("create failed");
}

static void create_next(struct lock* lock) {
    char data[data_size];
    memset(data, 'x', sizeof data);
    if (zoo_acreate(lock->run->client, lock->prefix, data, sizeof data, &ZOO_OPEN_ACL_UNSAFE,
                    ZOO_EPHEMERAL | ZOO_SEQUENCE, on_created, lock) != ZOK)
        give_up("create failed");
}

void many(zhandle_t* client, const char* path, int depth, int count) {
    struct run run = {client, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, depth};
    struct lock* const locks = calloc((size_t)depth, sizeof *locks);
    for (int number = 0; number < depth; ++number) {
        struct lock* const lock = &locks[number];
        lock->run = &run;
        lock->left = count;
        snprintf(lock->prefix, sizeof lock->prefix, "%s-%d", path, number);
        zoo_create(client, lock->prefix, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL,
                   0); /* or it is there */
        strcat(lock->prefix, "/lock-");
    }
    const double begin = now_us();
    for (int number = 0; number < depth; ++number)
        create_next(&locks[number]);
    pthread_mutex_lock(&run.mutex);
    while (run.left > 0)
        pthread_cond_wait(&run.is_done, &run.mutex);
    pthread_mutex_unlock(&run.mutex);
    printf("{\"seconds\": %.6f}\n", (now_us() - begin) / 1e6);
    free(locks);
}
