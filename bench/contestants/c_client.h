/* What the parts of the C client's contestant have in common. */
#ifndef LEASEHOLD_BENCH_C_CLIENT_H
#define LEASEHOLD_BENCH_C_CLIENT_H

#include <zookeeper/zookeeper.h>

void give_up(const char* why);
double now_us(void);

/* "many PATH DEPTH COUNT": creates and deletes, `depth` of them under way at once. */
void many(zhandle_t* client, const char* path, int depth, int count);

#endif
