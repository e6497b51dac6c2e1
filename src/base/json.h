/* SPDX-License-Identifier: Apache-2.0
 *
 * JSON by yyjson; this is the only header that includes it. Reading is strict (RFC 8259) and bounded in size and depth; writing is
 * canonical for one tree: keys in the order in which they were added, no blanks, so that equal inputs give equal bytes and digests. */
#ifndef CROZE_BASE_JSON_H
#define CROZE_BASE_JSON_H

#include <stdbool.h>
#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Parses `text` (at most max_bytes, LIMIT_JSON_DEPTH deep). `what` names the document in errors. The document is released with
 * yyjson_doc_free / the cleanup below. */
MUST_CHECK yyjson_doc *json_parse(struct str text, size_t max_bytes, const char *what, struct err *e);

/* The same, of at most max_values values (a key is one): each takes 16 bytes of memory, and may be two bytes of text. */
MUST_CHECK yyjson_doc *json_parse_few(struct str text, size_t max_bytes, size_t max_values, const char *what, struct err *e);

/* Refuses a document in which an object has a key twice: two readers could see two things in it. */
MUST_CHECK bool json_keys_differ(yyjson_val *root, const char *what, struct err *e);

static inline void json_doc_freep(yyjson_doc **d) {
    yyjson_doc_free(*d);
    *d = NULL;
}
static inline void json_mut_freep(yyjson_mut_doc **d) {
    yyjson_mut_doc_free(*d);
    *d = NULL;
}

/* Members of an object; absent or of another type gives the empty string / the default / NULL. The texts live as long as the document
 * and are NUL-terminated; a text with a NUL byte inside counts as absent. */
struct str json_get_str(yyjson_val *object, const char *key);
int64_t json_get_int(yyjson_val *object, const char *key, int64_t fallback);
bool json_get_bool(yyjson_val *object, const char *key, bool fallback);
yyjson_val *json_get_object(yyjson_val *object, const char *key);
yyjson_val *json_get_array(yyjson_val *object, const char *key);
/* Members of an object; none of NULL, of which yyjson_obj_foreach would take the next. */
#define json_obj_foreach(object, i, n, key, value) \
    if (object)                                    \
    yyjson_obj_foreach(object, i, n, key, value)

/* Adds text copies to a mutable object or array. Bytes that are not UTF-8 are replaced by U+FFFD, so output is always valid JSON. */
void json_add_str(yyjson_mut_doc *d, yyjson_mut_val *object, const char *key, struct str value);
void json_add_str_opt(yyjson_mut_doc *d, yyjson_mut_val *object, const char *key, struct str value); /* not if empty */
void json_push_str(yyjson_mut_doc *d, yyjson_mut_val *array, struct str value);
/* As json_add_str with a key that is data (copied), not a literal. */
void json_add_str_key(yyjson_mut_doc *d, yyjson_mut_val *object, struct str key, struct str value);
/* A copy of `text` as a value of the document, sanitised as above. */
yyjson_mut_val *json_text(yyjson_mut_doc *d, struct str text);
/* Bytes of any kind as a text in base64 (RFC 4648, section 4). */
yyjson_mut_val *json_base64(yyjson_mut_doc *d, struct str bytes);

/* The bytes that the text takes in a document, quotes and escapes included. */
size_t json_str_bytes(struct str text);

/* Appends the document to `out`; pretty: two-space indent for people. */
void json_write(yyjson_mut_doc *d, bool pretty, struct buf *out);

#endif
