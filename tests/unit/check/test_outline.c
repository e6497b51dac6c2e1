/* SPDX-License-Identifier: Apache-2.0
 * The outline of a target and the list of targets: which ARGs belong to it and what they say, mounts, texts and JSON. */
#include "check/outline.h"
#include "tap.h"

struct rig {
    struct arena arena;
    struct check_options options;
    struct buf out;
    struct err err;
};

static void rig_init(struct rig *g) {
    *g = (struct rig){.options.plan.platform = S("linux/amd64"), .out = BUF_INIT(1 << 20)};
}

static void rig_fini(struct rig *g) {
    err_clear(&g->err);
    buf_fini(&g->out);
    arena_fini(&g->arena);
}

static void add(struct rig *g, const char *what, const struct outline_list *list) {
    for (size_t k = 0; k < list->n; k++) {
        const struct outline_item *i = &list->p[k];
        buf_printf(&g->out, "%s%.*s=%.*s:%u", what, STR_ARG(i->name), STR_ARG(i->value), i->line);
        if (i->description.n)
            buf_printf(&g->out, "(%.*s)", STR_ARG(i->description));
        buf_add_str(&g->out, i->required ? S("!;") : S(";"));
    }
}

/* "NAME=VALUE:LINE(DESCRIPTION);" of each ARG, then of mounts, with their kind in front. */
static struct str outline(struct rig *g, struct str text) {
    struct outline o;
    buf_reset(&g->out);
    if (outline_make(&g->arena, text, S("Dockerfile"), &g->options, &o, &g->err)) {
        add(g, "", &o.args);
        add(g, "secret ", &o.secrets);
        add(g, "ssh ", &o.ssh);
        add(g, "cache ", &o.caches);
    }
    return buf_str(&g->out);
}

static void args(void) {
    struct rig g;
    rig_init(&g);
    is_str(outline(&g, S("ARG A=1 B=2\nFROM scratch\nARG C=3\nARG D\nARG E=$C-\n")), S("C=3:3;D=:4;E=3-:5;"), "those of the stage");
    is_str(outline(&g, S("ARG A=x B=$A\nARG C=$B OTHER=o\nFROM image:$C\n")), S("A=x:1;B=x:1;C=x:2;"), "what FROM uses, down to the first");
    is_str(outline(&g, S("ARG P=linux/amd64\nFROM --platform=$P scratch\nARG TARGETARCH\n")), S("P=linux/amd64:1;"),
           "what --platform uses; predefined ones are nobody's to give");
    is_str(outline(&g, S("# A of all\nARG A=1\nFROM scratch\n# A of the stage\nARG A\n")), S("A=1:2(of all);"), "a global one declared");
    is_str(outline(&g, S("ARG A=1\nFROM scratch\n# B other\n# A own  text \nARG A=2 B\n")), S("A=2:5(own  text);B=:5(other);"),
           "... declared anew");
    is_str(outline(&g, S("FROM scratch AS a\nARG A=1\nFROM scratch AS b\nARG B=1\nFROM a\nARG C\nARG A=2\n")), S("C=:6;A=2:7;"),
           "of stages that are needed; the last of a name");
    is_str(outline(&g, S("FROM scratch AS a\nARG A=1\nFROM scratch\nCOPY --from=a x /\nARG B\n")), S("A=1:2;B=:5;"),
           "of stages that are read");
    pair_list_set(&g.arena, &g.options.plan.build_args, S("B"), S("given"));
    is_str(outline(&g, S("ARG A=1 B=$A\nFROM image:$B\nARG C=$A\n")), S("B=given:1;C=:3;"), "a build argument replaces the default");
    (void)outline(&g, S("FROM scratch\nARG A=${\n"));
    is_err(&g.err, "Dockerfile:2:5: ARG", "what cannot be expanded");
    (void)outline(&g, S("FROM x\nUSER $NOPE\nARG A\n"));
    is_err(&g.err, "; its base image is not known: put it into the store", "what only the base could tell");
    rig_fini(&g);
}

static void mounts(void) {
    struct rig g;
    rig_init(&g);
    is_str(outline(&g, S("FROM scratch AS a\nRUN --mount=type=secret,id=one --mount=type=ssh b\n"
                         "FROM a\nRUN --mount=type=secret,id=two,required=true \\\n"
                         " --mount=type=cache,target=/c --mount=type=cache,id=x,target=/d b\n"
                         "RUN --mount=type=secret,id=one,required --mount=type=tmpfs,target=/t b\n")),
           S("secret one=:2!;secret two=:4!;ssh default=:2;cache /c=:4;cache x=:4;"), "mounts of all kinds");
    no_err(&g.err, "no error");
    rig_fini(&g);
}

static void show_outline(void) {
    struct rig g;
    struct outline o;
    rig_init(&g);
    struct str text = S("# base what it is\nFROM scratch AS Base\n# A first\nARG A=1 LONGER\n");
    ok(outline_make(&g.arena, text, S("D"), &g.options, &o, &g.err), "made");
    outline_print(&o, &g.out);
    is_str(buf_str(&g.out), S("TARGET:      base\nDESCRIPTION: what it is\n\n"
                              "BUILD ARG   VALUE   DESCRIPTION\nA           1       first\nLONGER              \n\n"), "as text");
    buf_reset(&g.out);
    outline_json(&o, &g.out);
    ok(str_starts(buf_str(&g.out), S("{\n  \"name\": \"base\",\n  \"description\": \"what it is\",\n  \"args\": [\n    {\n"
                                     "      \"name\": \"A\",\n      \"description\": \"first\",\n      \"value\": \"1\",\n"
                                     "      \"location\": {")), "as JSON");
    ok(str_find(buf_str(&g.out), S("secrets")) < 0 && str_find(buf_str(&g.out), S("\"sources\": [\n    \"IyBiYXNl")) > 0,
       "what is empty is left out; the text is there");
    buf_reset(&g.out);
    ok(outline_make(&g.arena, S("FROM scratch AS b\n"), S("D"), &g.options, &o, &g.err), "a stage without a description");
    outline_print(&o, &g.out);
    is_str(buf_str(&g.out), S("TARGET: b\n\n"), "its name");
    buf_reset(&g.out);
    ok(outline_make(&g.arena, S("# x\nFROM scratch\n"), S("D"), &g.options, &o, &g.err), "a stage without a name");
    outline_print(&o, &g.out);
    is_str(buf_str(&g.out), S(""), "nothing to tell");
    rig_fini(&g);
}

static void targets(void) {
    struct rig g;
    struct targets t;
    rig_init(&g);
    struct str text = S("ARG V=1\n# first\n# Build is another\n# build the tools\nFROM image:$V AS Build\n"
                        "FROM --platform=$TARGETPLATFORM build\nFROM scratch AS last\nNONSENSE\n");
    ok(!targets_make(&g.arena, text, S("D"), &t, &g.err), "a wrong file");
    is_err(&g.err, "D:8:1: unknown instruction: NONSENSE", "... is an error");
    ok(targets_make(&g.arena, str_first(text, text.n - 9), S("D"), &t, &g.err) && t.n == 3, "three stages");
    is_str(t.p[0].base, S("image:$V"), "the base as written");
    is_str(t.p[1].platform, S("$TARGETPLATFORM"), "the platform as written");
    targets_print(&t, &g.out);
    is_str(buf_str(&g.out), S("TARGET         DESCRIPTION\nbuild          the tools\n               \nlast (default) \n"), "as text");
    buf_reset(&g.out);
    targets_json(&t, &g.out);
    ok(str_starts(buf_str(&g.out), S("{\n  \"targets\": [\n    {\n      \"name\": \"build\",\n      \"description\": \"the tools\",\n"
                                     "      \"base\": \"image:$V\",\n      \"location\": {")), "as JSON");
    ok(str_find(buf_str(&g.out), S("\"name\": \"last\",\n      \"default\": true,")) > 0, "the default");
    rig_fini(&g);
}

int main(void) {
    args();
    mounts();
    show_outline();
    targets();
    return tap_done();
}
