/* SPDX-License-Identifier: Apache-2.0
 * COPY and ADD: operands, destinations, owners, modes, sources, here-documents. */
#include "rig.h"

/* "SOURCE:a|b -> dest[/] chown=x chmod=0644 unpack" */
static struct str dump(struct rig *r) {
    static const char *const kinds[] = {"context", "stage", "image", "named"};
    const struct step_copy *c = &rig_last(r)->copy;
    struct buf b = BUF_INIT(1 << 20);
    bool texts = c->operands[0].kind == OPERAND_INLINE;
    buf_printf(&b, "%s", texts ? "inline" : kinds[c->source.kind]);
    if (c->source.kind == SOURCE_STAGE)
        buf_printf(&b, " %zu", c->source.stage);
    if (c->source.kind == SOURCE_IMAGE)
        buf_printf(&b, " %.*s", STR_ARG(c->source.image));
    buf_add_char(&b, ':');
    for (size_t k = 0; k < c->n_operands; k++)
        buf_printf(&b, "%s%.*s", k ? "|" : "", STR_ARG(c->operands[k].text));
    for (size_t k = 0; texts && k < c->n_operands; k++)
        buf_printf(&b, "%s%.*s", k ? "|" : "=", STR_ARG(c->operands[k].body));
    buf_printf(&b, " -> %.*s%s", STR_ARG(c->dest), c->dest_is_dir ? " dir" : "");
    if (c->chown.n)
        buf_printf(&b, " chown=%.*s", STR_ARG(c->chown));
    if (c->chmod.given)
        buf_printf(&b, " chmod=%04o", c->chmod.octal);
    buf_add_str(&b, c->unpack && !texts ? S(" unpack") : STR_NULL);
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

static const struct {
    const char *text, *want; /* the last step of FROM y AS first\nFROM x\nWORKDIR /work\nENV HOME_OF=/home/wso2carbon\n + text */
} rows[] = {
    {"COPY a /b", "context:a -> /b"},
    {"COPY a b", "context:a -> /work/b"},
    {"COPY a .", "context:a -> /work/ dir"},
    {"COPY a ./", "context:a -> /work/ dir"},
    {"COPY a ..", "context:a -> / dir"},
    {"COPY a ../c/..", "context:a -> / dir"},
    {"COPY a /", "context:a -> / dir"},
    {"COPY a /x/", "context:a -> /x/ dir"},
    {"COPY a /x/.", "context:a -> /x/ dir"},
    {"COPY a /x//y/../z", "context:a -> /x/z"},
    {"COPY a /../../x", "context:a -> /x"},
    {"COPY a b /x", "context:a|b -> /x dir"},
    {"COPY [\"a b\", \"/c d\"]", "context:a b -> /c d"},
    {"COPY *.jar $HOME_OF/lib/", "context:*.jar -> /home/wso2carbon/lib/ dir"},
    {"ARG F=a\nCOPY ${F}.zip /x", "context:a.zip -> /x"},
    {"COPY ../../etc/passwd /x", "context:../../etc/passwd -> /x"},
    {"COPY --from=first /a /b", "stage 0:/a -> /b"},
    {"COPY --from=FIRST /a /b", "stage 0:/a -> /b"},
    {"COPY --from=0 /a /b", "stage 0:/a -> /b"},
    {"COPY --from=nginx:1 /a /b", "image nginx:1:/a -> /b"},
    {"COPY --chown=wso2carbon:wso2 a /b", "context:a -> /b chown=wso2carbon:wso2"},
    {"ARG U=802\nCOPY --chown=$U:${U} a /b", "context:a -> /b chown=802:802"},
    {"COPY --chmod=755 a /b", "context:a -> /b chmod=0755"},
    {"ARG M=0640\nCOPY --chmod=$M a /b", "context:a -> /b chmod=0640"},
    {"COPY --chmod=7777 a /b", "context:a -> /b chmod=7777"},
    {"ADD a.tar.gz /b/", "context:a.tar.gz -> /b/ dir unpack"},
    {"ADD --chown=1:2 --chmod=600 a /b", "context:a -> /b chown=1:2 chmod=0600 unpack"},
    {"ADD github.com/x/y /b", "context:github.com/x/y -> /b unpack"},
    {"COPY <<EOF /x\nhello $HOME_OF \"q\" \\$no\nEOF", "inline:EOF=hello /home/wso2carbon \"q\" $no\n -> /x"},
    {"COPY <<'EOF' /x\nhello $HOME_OF\nEOF", "inline:EOF=hello $HOME_OF\n -> /x"},
    {"COPY <<-a.txt <<b.txt /x/\n\tone\n\ta.txt\ntwo\nb.txt", "inline:a.txt|b.txt=one\n|two\n -> /x/ dir"},
    {"ADD <<E /x\na\nE", "inline:E=a\n -> /x"},

    {"COPY --chmod=u+x a /b", "! Dockerfile:5:6: a symbolic --chmod (other than octal digits) is not supported by this version of croze"},
    {"COPY --chmod=8 a /b", "! --chmod=8 is not an octal number from 0 to 7777"},
    {"COPY --chmod=10000 a /b", "! --chmod=10000 is not an octal number"},
    {"COPY --chown=$NOPE a /b", "! Dockerfile:5:6: --chown=$NOPE gives an empty name, which would mean root"},
    {"ARG U=https://h/x\nADD $U /b", "! Dockerfile:6:1: ADD of a URL is not supported by this version of croze (https://h/x)"},
    {"ARG U=git@h:x/y.git\nCOPY $U /b", "! COPY cannot copy a git repository"},
    {"COPY <<E <\"F", "! a here-document's word cannot be read"},
    {"COPY a <<EOF /x/\nb\nEOF", "! copying files and here-documents in one instruction (write two) is not supported"},
    {"COPY <<a/b /x\nb\na/b", "! the here-document's word \"a/b\" cannot name a file"},
    {"COPY <<.. /x\nb\n..", "! the here-document's word \"..\" cannot name a file"},
};

static void steps(void) {
    for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
        struct rig r;
        rig_init(&r);
        const char *text =
            arena_printf(&r.arena, "FROM y AS first\nFROM x\nWORKDIR /work\nENV HOME_OF=/home/wso2carbon\n%s", rows[k].text).p;
        bool good = rig_run(&r, text);
        if (rows[k].want[0] == '!') {
            ok(!good && r.err.kind == ERR_USAGE, "refused: %s", rig_name(&r, rows[k].text));
            is_err(&r.err, rows[k].want + 2, rig_name(&r, rows[k].text));
        } else {
            rig_ok(&r, rows[k].text);
            ok(good && rig_last(&r)->kind == STEP_COPY, "a copy");
            is_str(good ? dump(&r) : STR_NULL, str_z(rows[k].want), rig_name(&r, rows[k].text));
        }
        rig_fini(&r);
    }
}

static void histories(void) {
    struct rig r;
    rig_init(&r);
    bool good = rig_run(&r, "FROM x\nARG D=/d\nCOPY --chown=a:b --chmod=644 x y $D/\nADD a b\nCOPY <<A <<B .\n1\nA\n2\nB");
    rig_ok(&r, "copies with a history");
    is_str(good ? rig_dump_history(&r) : STR_NULL,
           S("ARG D=/d\nCOPY --chown=a:b --chmod=644 x y /d/ # buildkit\nADD a b # buildkit\nCOPY <<A <<B . # buildkit"),
           "in BuildKit's words");
    is_str(good ? r.steps[1].title : STR_NULL, S("COPY --chown=a:b --chmod=644 x y $D/"), "the title is the user's text");
    rig_fini(&r);
    rig_init(&r);
    good = rig_run(&r, "FROM x\ncopy a \\\n  # comment\n  b");
    rig_ok(&r, "a copy over several lines");
    ok(good && str_starts(rig_last(&r)->title, S("COPY a ")) && str_index(rig_last(&r)->title, '\n') < 0,
       "the title is one line, its keyword in capitals");
    rig_fini(&r);
}

int main(void) {
    steps();
    histories();
    return tap_done();
}
