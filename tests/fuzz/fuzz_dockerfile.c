/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a Dockerfile, checked and unchecked: no crash, every position inside the file, every text dumped. */
#include <assert.h>
#include <stdint.h>

#include "base/mem.h"
#include "dockerfile/dump.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_pos(struct df_pos pos, unsigned lines) {
    assert(pos.line >= 1 && pos.line <= lines && pos.column >= 1);
}

static void check_instruction(const struct df_instruction *in, unsigned lines) {
    check_pos(in->pos, lines);
    assert(in->line_end >= in->pos.line && in->line_end <= lines);
    for (size_t i = 0; i < in->n_flags; i++)
        check_pos(in->flags[i].pos, lines);
    for (size_t i = 0; i < in->n_pairs; i++)
        check_pos(in->pairs[i].pos, lines);
    if (in->trigger)
        check_instruction(in->trigger, lines);
}

typedef bool (*parser)(struct arena *a, struct str text, struct str name, struct dockerfile *out, struct err *e);

static void parse_with(parser parse, struct str text) {
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct dockerfile df;
    struct buf out = BUF_INIT(64 << 20);
    unsigned lines = 1;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    if (parse(&a, text, S("Dockerfile"), &df, &e)) {
        for (size_t i = 0; i < df.n_instructions; i++)
            check_instruction(&df.instructions[i], lines);
        for (size_t i = 0; i < df.n_warnings; i++)
            check_pos(df.warnings[i].pos, lines);
        dockerfile_dump(&df, &out);
    } else {
        assert(e.kind == ERR_USAGE && e.msg);
    }
    buf_fini(&out);
    err_clear(&e);
    arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct str text = str_n((const char *)data, size);
    parse_with(dockerfile_parse, text);
    parse_with(dockerfile_parse_syntax, text);
    struct arena a = ARENA_INIT;
    struct err e = ERR_INIT;
    struct df_instruction in;
    bool ok = dockerfile_parse_one(&a, text, S("trigger"), size % 2 ? '\\' : '`', &in, &e);
    assert(ok == (e.kind == ERR_NONE));
    err_clear(&e);
    arena_fini(&a);
    return 0;
}
