/* SPDX-License-Identifier: MIT */
/*
 * Compares the engine with the model on a scenario that bytes describe: every sequence of bytes is one, so a
 * fuzzer and a seed serve alike.
 */
#ifndef ESM_TESTS_MODEL_CHECK_H
#define ESM_TESTS_MODEL_CHECK_H

#include <stddef.h>
#include <stdint.h>

enum {
    MODEL_SCENE_MAX = 1 << 16
};

/* 0: engine and model agree. -1: they do not. */
int model_check_bytes(const uint8_t *data, size_t size);

/* The same, and tells the scenario as a scene for policy.scenes. Its last line is what the model expects. */
int model_check_scene(const uint8_t *data, size_t size, char *scene);

#endif
