/* SPDX-License-Identifier: Apache-2.0
 * What lies under cosign's tags sha256-<hex>.sig and .att: a manifest whose layers are a signature or an attestation each, with annotations
 * that belong to it. Another signer adds a layer; so do we, and whose signatures were there first stay. */
#include <errno.h>

#include "base/limits.h"
#include "registry/document.h"

static bool has_layer(yyjson_val *layers, yyjson_val *layer) {
    size_t i, max;
    yyjson_val *v;
    yyjson_arr_foreach(layers, i, max, v) if (yyjson_equals(v, layer)) return true;
    return false;
}

static yyjson_val *layers_of(yyjson_doc *d) {
    return d ? json_get_array(yyjson_doc_get_root(d), "layers") : NULL;
}

static bool join(struct str old, struct str more, struct buf *out, bool *changed, struct err *e) {
    _cleanup_(json_doc_freep) yyjson_doc *before = manifest_parse(old, "manifest of signatures", e);
    _cleanup_(json_doc_freep) yyjson_doc *added = before ? manifest_parse(more, "manifest of signatures", e) : NULL;
    yyjson_val *theirs = layers_of(before), *ours = layers_of(added), *v;
    size_t i, max;
    *changed = false;
    if (!before || !added)
        return false;
    if (!theirs || !ours) {
        err_set(e, ERR_FAILED, "what lies under the tag has no signatures as layers, and is not replaced");
        e->sys = EBADMSG;
        return false;
    }
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_doc_mut_copy(before, NULL);
    yyjson_mut_val *all = yyjson_mut_obj_get(yyjson_mut_doc_get_root(d), "layers");
    yyjson_arr_foreach(ours, i, max, v) {
        if (has_layer(theirs, v))
            continue;
        yyjson_mut_arr_append(all, yyjson_val_mut_copy(d, v));
        *changed = true;
    }
    if (!*changed)
        return true;
    if (yyjson_mut_arr_size(all) > LIMIT_IMAGE_LAYERS)
        return err_set(e, ERR_FAILED, "%zu signatures are over the limit of %d", yyjson_mut_arr_size(all), LIMIT_IMAGE_LAYERS);
    json_write(d, false, out);
    return buf_ok(out) || err_set(e, ERR_FAILED, "a manifest of signatures over %zu bytes", out->max_bytes);
}

bool signatures_add(struct str old, struct str more, struct buf *out, bool *changed, struct err *e) {
    manifest_turn(old.n + more.n);
    bool good = join(old, more, out, changed, e);
    manifest_turn_ends(old.n + more.n);
    return good;
}
