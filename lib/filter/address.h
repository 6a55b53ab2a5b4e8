/* SPDX-License-Identifier: MIT */
/* IP addresses and networks. */
#ifndef ESM_FILTER_ADDRESS_H
#define ESM_FILTER_ADDRESS_H

#include <stddef.h>
#include <stdint.h>

struct esm__network {
    uint8_t bytes[16];
    uint8_t size; /* 4 or 16 */
    uint8_t bits; /* of the prefix; all of them: one address */
};

enum {
    ESM__ADDRESS_MAX = 63 /* characters */
};

/* 1: it is an address; 0: it is none. */
int esm__address_read(const char *text, size_t size, struct esm__network *ret);

/* "10.0.0.0/8". Host bits are not looked at; a network of one address is none. 1 or 0. */
int esm__network_read(const char *text, size_t size, struct esm__network *ret);

int esm__network_has(const struct esm__network *network, const struct esm__network *address);

#endif
