/* SPDX-License-Identifier: Apache-2.0
 * The display for programs: BuildKit's SolveStatus (moby/buildkit client/graph.go), one JSON object a line and event, with its member
 * names, RFC 3339 times and bytes in base64. A step is a vertex, told by a digest that is the same in every build. What belongs to no step
 * (warnings, notes) belongs to a vertex of its own. */
#include "base/json.h"
#include "base/log.h"
#include "report/display.h"

#define BUILD_NAME "[internal] croze build"

enum { LINE_BYTES = 1 << 20 };
static const uint64_t status_every_ns = 100000000;

/* --- JSON --- */

static void put(struct progress *p, yyjson_mut_doc *d) {
    struct buf line = BUF_INIT(LINE_BYTES);
    json_write(d, false, &line);
    buf_add_char(&line, '\n');
    if (buf_ok(&line)) /* half an object would spoil the stream */
        display_write(p->fd, &line);
    buf_fini(&line);
}

/* A document {"<kind>": [{}]}; gives the inner object. */
static yyjson_mut_val *event(yyjson_mut_doc *d, const char *kind) {
    yyjson_mut_val *root = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, root);
    return yyjson_mut_arr_add_obj(d, yyjson_mut_obj_add_arr(d, root, kind));
}

static void add_time(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, struct timespec t) {
    char text[CLOCK_TEXT];
    json_add_str(d, o, key, str_z(clock_rfc3339(t, text)));
}

static void add_digest(yyjson_mut_doc *d, yyjson_mut_val *o, const char *key, const struct digest *id) {
    char text[DIGEST_TEXT + 1];
    json_add_str(d, o, key, str_z(digest_text(id, text)));
}

static struct digest build_id(void) {
    return sha256_of(BUILD_NAME, sizeof BUILD_NAME - 1);
}

/* --- events --- */

static struct str error_of(const struct progress_step *s) {
    if (s->how == PROGRESS_CANCELED)
        return S("context canceled"); /* as BuildKit says it */
    if (s->how != PROGRESS_FAILED)
        return STR_NULL;
    struct str first, rest; /* what follows is for who reads the message at the end */
    str_cut(str_z(s->error), '\n', &first, &rest);
    return first.n ? first : S("failed");
}

static void put_vertex(struct progress *p, const struct progress_step *s) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *v = event(d, "vertexes");
    add_digest(d, v, "digest", &s->id);
    yyjson_mut_val *inputs = s->n_inputs ? yyjson_mut_obj_add_arr(d, v, "inputs") : NULL;
    for (size_t i = 0; i < s->n_inputs; i++) {
        char text[DIGEST_TEXT + 1];
        json_push_str(d, inputs, str_z(digest_text(&s->inputs[i], text)));
    }
    json_add_str(d, v, "name", str_z(s->title));
    add_time(d, v, "started", s->started);
    if (s->ended) {
        add_time(d, v, "completed", clock_now());
        if (s->how == PROGRESS_CACHED)
            yyjson_mut_obj_add_bool(d, v, "cached", true);
        json_add_str_opt(d, v, "error", error_of(s));
    }
    put(p, d);
}

static void put_build(struct progress *p, bool ended) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *v = event(d, "vertexes");
    struct digest id = build_id();
    add_digest(d, v, "digest", &id);
    json_add_str(d, v, "name", S(BUILD_NAME));
    add_time(d, v, "started", p->started);
    if (ended)
        add_time(d, v, "completed", clock_now());
    put(p, d);
}

static void put_log(struct progress *p, const struct digest *id, int stream, struct str bytes) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *v = event(d, "logs");
    add_digest(d, v, "vertex", id);
    yyjson_mut_obj_add_int(d, v, "stream", stream);
    yyjson_mut_obj_add_val(d, v, "data", json_base64(d, bytes));
    add_time(d, v, "timestamp", clock_now());
    put(p, d);
}

static void put_status(struct progress *p, const struct progress_step *s) {
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *v = event(d, "statuses");
    struct timespec now = clock_now();
    json_add_str(d, v, "id", S("bytes"));
    add_digest(d, v, "vertex", &s->id);
    json_add_str(d, v, "name", S("bytes"));
    if (s->total_bytes)
        yyjson_mut_obj_add_uint(d, v, "total", s->total_bytes);
    yyjson_mut_obj_add_uint(d, v, "current", s->done_bytes);
    add_time(d, v, "timestamp", now);
    add_time(d, v, "started", s->started);
    if (s->ended)
        add_time(d, v, "completed", now);
    put(p, d);
}

/* --- the display --- */

static void rawjson_opened(struct progress *p) {
    put_build(p, false);
}

static void rawjson_started(struct progress *p, struct progress_step *s) {
    put_vertex(p, s);
}

static void rawjson_line(struct progress *p, struct progress_step *s, struct str line) {
    (void)p, (void)s, (void)line; /* rawjson_output has taken the bytes */
}

static void rawjson_output(struct progress *p, struct progress_step *s, int stream, struct str bytes) {
    put_log(p, &s->id, stream, bytes);
}

static void rawjson_bytes(struct progress *p, struct progress_step *s) {
    uint64_t now = log_now_ns();
    if (s->shown_ns && now - s->shown_ns < status_every_ns)
        return;
    s->shown_ns = now;
    put_status(p, s);
}

static void rawjson_ended(struct progress *p, struct progress_step *s) {
    if (s->done_bytes)
        put_status(p, s);
    put_vertex(p, s);
}

static void rawjson_note(struct progress *p, const char *text) {
    static const struct str warning = {"warning: ", sizeof "warning: " - 1};
    struct digest id = build_id();
    if (!str_starts(str_z(text), warning)) {
        _cleanup_(mem_freep) char *line = mem_printf("%s\n", text);
        put_log(p, &id, 2, str_z(line));
        return;
    }
    _cleanup_(json_mut_freep) yyjson_mut_doc *d = yyjson_mut_doc_new(NULL);
    yyjson_mut_val *v = event(d, "warnings");
    add_digest(d, v, "vertex", &id);
    yyjson_mut_obj_add_int(d, v, "level", 1);
    yyjson_mut_obj_add_val(d, v, "short", json_base64(d, str_from(str_z(text), warning.n)));
    put(p, d);
}

static void rawjson_close(struct progress *p) {
    put_build(p, true);
}

const struct display display_rawjson = {.opened = rawjson_opened,
                                        .started = rawjson_started,
                                        .line = rawjson_line,
                                        .output = rawjson_output,
                                        .bytes = rawjson_bytes,
                                        .ended = rawjson_ended,
                                        .note = rawjson_note,
                                        .close = rawjson_close};
