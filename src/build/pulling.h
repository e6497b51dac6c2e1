/* SPDX-License-Identifier: Apache-2.0
 *
 * Private to build/: images that come from registries. */
#ifndef CROZE_BUILD_PULLING_H
#define CROZE_BUILD_PULLING_H

#include "build/stage.h"

/* What a build asks registries with, made when it is first needed; NULL: an error. Thread-safe. */
struct registries *build_registries(struct build *b, struct err *e);
/* The image of that name: what the store has, or what the registry has, as --pull says. In one build a name means one image.
 * Thread-safe: who asks for what somebody asks for already waits for that; others do not. */
MUST_CHECK bool build_find_image(struct build *b, struct arena *a, struct str ref, struct store_ref *found, struct err *e);
void pulled_images_free(struct build *b);

#endif
