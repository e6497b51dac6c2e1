/* SPDX-License-Identifier: Apache-2.0 */
#include "image/config_json.h"

#include "base/limits.h"
#include "tap.h"

static const char text[] =
    "{\"architecture\":\"amd64\",\"author\":\"me\",\"config\":{\"User\":\"10001:10001\",\"ExposedPorts\":{\"8080/tcp\":{},\"9443/tcp\":{}},"
    "\"Env\":[\"PATH=/bin\",\"A=b=c\"],\"Entrypoint\":[\"/x\"],\"Cmd\":[\"-y\"],\"Volumes\":{\"/v\":{}},\"WorkingDir\":\"/w\","
    "\"Labels\":{\"a\":\"1\",\"b\":\"2\"},\"StopSignal\":\"SIGTERM\",\"ArgsEscaped\":true,"
    "\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"],\"Interval\":1000000,\"Retries\":3},\"OnBuild\":[\"RUN "
    "x\"],\"Shell\":[\"/bin/ash\",\"-c\"]},"
    "\"created\":\"2023-11-14T22:13:20.000005000Z\",\"history\":[{\"created\":\"2023-11-14T22:13:20Z\",\"created_by\":\"RUN x\","
    "\"comment\":\"c\"},{\"empty_layer\":true}],\"os\":\"linux\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":"
    "[\"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\"]},\"variant\":\"v8\"}";

static void round_trip(void) {
    struct err e = ERR_INIT;
    struct image im;
    struct digest *ids;
    size_t n;
    struct buf out = BUF_INIT(LIMIT_JSON_BYTES);
    image_init(&im);
    ok(config_json_read(str_z(text), "doc", &im, &ids, &n, &e) && n == 1, "reads every member");
    no_err(&e, "without an error");
    struct layer l = {.diff_id = ids[0]};
    image_add_layer(&im, &l);
    config_json_write(&im, &out);
    is_str(buf_str(&out), str_z(text), "and writes the same bytes");
    buf_fini(&out);
    image_fini(&im);
}

static void refuses(const char *doc, const char *part, const char *what) {
    struct err e = ERR_INIT;
    struct image im;
    struct digest *ids;
    size_t n;
    image_init(&im);
    ok(!config_json_read(str_z(doc), "doc", &im, &ids, &n, &e), "%s", what);
    is_err(&e, part, "with a message");
    image_fini(&im);
}

/* `n` times `item` between `before` and `after`. */
static void refuses_many(const char *before, const char *item, size_t n, const char *after, const char *part, const char *what) {
    struct buf doc = BUF_INIT(LIMIT_JSON_BYTES);
    buf_printf(&doc, "%s", before);
    for (size_t i = 0; i < n; i++)
        buf_printf(&doc, "%s%s", i ? "," : "", item);
    buf_printf(&doc, "%s", after);
    refuses(doc.p, part, what);
    buf_fini(&doc);
}

/* Every label of a hostile image is compared with all before it, and every port moved past them: it must stay a matter of milliseconds. */
static void counts(void) {
    refuses_many("{\"config\":{\"Labels\":{", "\"x\":\"\"", LIMIT_CONFIG_ENTRIES + 1, "}}}", "labels", "too many labels");
    refuses_many("{\"config\":{\"Env\":[", "\"x=\"", LIMIT_CONFIG_ENTRIES + 1, "]}}", "environment variables", "too many variables");
    refuses_many("{\"history\":[", "{}", LIMIT_IMAGE_HISTORY + 1, "]}", "history", "too many lines of history");
    struct err e = ERR_INIT;
    struct image im;
    struct digest *ids;
    size_t n;
    image_init(&im);
    static const char ports[] = "{\"config\":{\"ExposedPorts\":{\"9/tcp\":{},\"8/tcp\":{},\"9/tcp\":{}}}}";
    ok(config_json_read(str_z(ports), "doc", &im, &ids, &n, &e) && im.config.exposed_ports.n == 2, "ports are each taken once");
    is_str(im.config.exposed_ports.p[0], S("8/tcp"), "and sorted");
    image_fini(&im);
}

static void grows(void) {
    struct image im;
    image_init(&im);
    bool same = true;
    for (size_t i = 0; i < LIMIT_IMAGE_LAYERS; i++) {
        struct layer l = {.blob_bytes = i};
        struct history h = {.created_by = S("x"), .empty_layer = i & 1};
        image_add_layer(&im, &l);
        image_add_history(&im, &h);
    }
    for (size_t i = 0; i < LIMIT_IMAGE_LAYERS; i++)
        same = same && im.layers[i].blob_bytes == i && im.history[i].empty_layer == (i & 1);
    ok(same && im.n_layers == LIMIT_IMAGE_LAYERS, "layers and history keep their order as they grow");
    image_fini(&im);
}

int main(void) {
    round_trip();
    refuses("[]", "not an image configuration", "a list");
    refuses("{\"rootfs\":{\"diff_ids\":[\"sha256:zz\"]}}", "diff_ids[0]", "a malformed diffID");
    refuses("{\"rootfs\":{\"diff_ids\":[7]}}", "diff_ids[0]", "a number as diffID");
    counts();
    grows();
    return tap_done();
}
