/* SPDX-License-Identifier: MIT */
/* What the parts of the quickstart share: the scenario, the function and the cluster. */
#ifndef ESM_QUICKSTART_H
#define ESM_QUICKSTART_H

#include <stddef.h>
#include <stdint.h>

#define TOPIC         "orders"
#define DEAD_LETTERS  "orders-failed"
#define GROUP         "quickstart"
#define PARTITIONS    4
#define RECORDS       10000
#define PER_PARTITION (RECORDS / PARTITIONS)

/* Order n stands in partition n % PARTITIONS at offset n / PARTITIONS. Five of them no function can process.
 */
static inline int is_poison(int64_t order)
{
    return order % 1999 == 1000;
}

/* ---- the function: an HTTP server on a thread of its own that answers as Lambda's Invoke does ---- */

struct function;

/* What it has done, to be looked at after function_stop(). */
struct function_report {
    int calls;
    int refused;           /* 429 */
    int failed;            /* a poisonous record among them */
    int partial;           /* some records named as failed */
    uint8_t seen[RECORDS]; /* by order: in how many calls that ran */
    uint8_t done[RECORDS]; /* by order: how often successfully */
};

/* NULL: it cannot listen. */
struct function *function_start(uint16_t *ret_port);
const struct function_report *function_stop(struct function *function);
void function_free(struct function *function);

/* ---- the cluster: librdkafka's mock of Kafka, inside this process ---- */

struct cluster;

/* A record that was given up, as the dead-letter topic tells it. */
struct letter {
    int64_t order;
    int invocations;
    char condition[32];
};

/* Each ends the program with a message where the mock refuses. */
struct cluster *cluster_new(void);
void cluster_free(struct cluster *cluster);
const char *cluster_get_brokers(const struct cluster *cluster);
void cluster_produce_orders(struct cluster *cluster);
int64_t cluster_get_end(struct cluster *cluster, const char *topic, int32_t partition);
int64_t cluster_get_committed(struct cluster *cluster, int32_t partition);
size_t cluster_read_letters(struct cluster *cluster, struct letter *letters, size_t most);

#endif
