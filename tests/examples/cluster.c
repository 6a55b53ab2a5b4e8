/* SPDX-License-Identifier: MIT */
/*
 * The cluster of the quickstart as a program of its own, for the tests of other examples. It prints its
 * brokers when the orders are there, answers each line of its input with what the group has committed, and
 * ends with its input.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "quickstart.h"

int main(void)
{
    struct cluster *cluster = cluster_new();
    char line[64];
    cluster_produce_orders(cluster);
    printf("%s\n", cluster_get_brokers(cluster));
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin)) {
        for (int32_t i = 0; i < PARTITIONS; i++)
            printf("%" PRId64 "%c", cluster_get_committed(cluster, i), i + 1 < PARTITIONS ? ' ' : '\n');
        fflush(stdout);
    }
    cluster_free(cluster);
    return EXIT_SUCCESS;
}
