/* SPDX-License-Identifier: MIT */
/* The engine against the model of tests/model. A scenario in which they differ is printed as a scene. */
#include "fuzz.h"

#include "../model/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char scene[MODEL_SCENE_MAX];
    if (model_check_bytes(data, size) == 0)
        return 0;
    model_check_scene(data, size, scene);
    fprintf(stderr, "%s", scene);
    abort();
}
