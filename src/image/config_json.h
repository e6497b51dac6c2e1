/* SPDX-License-Identifier: Apache-2.0
 *
 * The OCI image configuration (image-spec config.md, docker-image-spec 1.3) as JSON. Members are written in the order of Go's structures
 * in docker and BuildKit, maps sorted by key, so that equal images give equal bytes. */
#ifndef CROZE_IMAGE_CONFIG_JSON_H
#define CROZE_IMAGE_CONFIG_JSON_H

#include "base/json.h"
#include "image/image.h"

/* Appends the configuration of `im` to `out`. */
void config_json_write(const struct image *im, struct buf *out);
/* Reads a configuration into im: everything but layers' blobs; *diff_ids (in im's arena) gets rootfs.diff_ids. */
MUST_CHECK bool config_json_read(struct str text, const char *what, struct image *im, struct digest **diff_ids, size_t *n_diff_ids,
                                 struct err *e);

/* Writes the manifest alone, over a configuration that is in the store already (config_digest, config_bytes). */
MUST_CHECK bool manifest_write(struct store *s, struct image *im, struct err *e);

/* The "config" member alone, for inspect. */
yyjson_mut_val *config_json_container(yyjson_mut_doc *d, const struct container_config *c);
/* An object of the pairs, sorted by key. */
yyjson_mut_val *config_json_map(yyjson_mut_doc *d, const struct pair_list *l);
yyjson_mut_val *config_json_list(yyjson_mut_doc *d, const struct str_list *l);

#endif
