/* SPDX-License-Identifier: Apache-2.0
 * COPY and ADD: operands of four kinds, destinations, every flag, sources, here-documents. */
#include "base/limits.h"
#include "rig.h"

/* "SOURCE:a|<<b=text|url:c|git:d -> dest dir chown=x chmod=0644 unpack..." */
static struct str dump(struct rig *r) {
    static const char *const sources[] = {"context", "stage", "image", "named"};
    static const char *const kinds[] = {"", "<<", "url:", "git:"};
    static const char *const unpacks[] = {"", " auto", " unpack"};
    const struct step_copy *c = &rig_last(r)->copy;
    struct buf b = BUF_INIT(1 << 20);
    buf_printf(&b, "%s", sources[c->source.kind]);
    if (c->source.kind == SOURCE_STAGE)
        buf_printf(&b, " %zu", c->source.stage);
    if (c->source.kind == SOURCE_IMAGE)
        buf_printf(&b, " %.*s", STR_ARG(c->source.image));
    if (c->source.kind == SOURCE_NAMED)
        buf_printf(&b, " %zu", c->source.named);
    buf_add_char(&b, ':');
    for (size_t k = 0; k < c->n_operands; k++) {
        const struct copy_operand *o = &c->operands[k];
        buf_printf(&b, "%s%s%.*s", k ? "|" : "", kinds[o->kind], STR_ARG(o->text));
        if (o->kind == OPERAND_INLINE)
            buf_printf(&b, "=%.*s", STR_ARG(o->body));
    }
    buf_printf(&b, " -> %.*s%s", STR_ARG(c->dest), c->dest_is_dir ? " dir" : "");
    if (c->chown.n)
        buf_printf(&b, " chown=%.*s", STR_ARG(c->chown));
    if (c->chmod.given && c->chmod.symbolic)
        buf_printf(&b, " chmod=%04o,%04o", chmod_apply(&c->chmod, 0600, false), chmod_apply(&c->chmod, 0600, true));
    else if (c->chmod.given)
        buf_printf(&b, " chmod=%04o", c->chmod.octal);
    buf_printf(&b, "%s%s%s%s", unpacks[c->unpack], c->link ? " link" : "", c->parents ? " parents" : "", c->keep_git_dir ? " git-dir" : "");
    for (size_t k = 0; k < c->n_excludes; k++)
        buf_printf(&b, " !%.*s", STR_ARG(c->excludes[k]));
    if (c->checksum.n)
        buf_printf(&b, " sum=%.*s", STR_ARG(c->checksum));
    struct str text = arena_str(&r->arena, buf_str(&b));
    buf_fini(&b);
    return text;
}

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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
    {"ADD a.tar.gz /b/", "context:a.tar.gz -> /b/ dir auto"},
    {"ADD --chown=1:2 --chmod=600 a /b", "context:a -> /b chown=1:2 chmod=0600 auto"},
    {"ADD github.com/x/y /b", "context:github.com/x/y -> /b auto"},
    {"COPY <<EOF /x\nhello $HOME_OF \"q\" \\$no\nEOF", "context:<<EOF=hello /home/wso2carbon \"q\" $no\n -> /x"},
    {"COPY <<'EOF' /x\nhello $HOME_OF\nEOF", "context:<<EOF=hello $HOME_OF\n -> /x"},
    {"COPY <<-a.txt <<b.txt /x/\n\tone\n\ta.txt\ntwo\nb.txt", "context:<<a.txt=one\n|<<b.txt=two\n -> /x/ dir"},
    {"ADD <<E /x\na\nE", "context:<<E=a\n -> /x auto"},

    {"COPY a <<E b /x/\nt\nE", "context:a|b|<<E=t\n -> /x/ dir"},
    {"COPY --from=first <<E a /x/\nt\nE", "stage 0:a|<<E=t\n -> /x/ dir"},
    {"ADD a https://h/b.tgz git@h:o/c.git#v1:sub <<E /x\nt\nE",
     "context:a|url:https://h/b.tgz|git:git@h:o/c.git#v1:sub|<<E=t\n -> /x dir auto"},
    {"ARG U=https://h/x\nADD $U /b", "context:url:https://h/x -> /b auto"},
    {"ADD HTTP://h/x.git?a=b /b", "context:git:HTTP://h/x.git?a=b -> /b auto"},
    {"ADD https://h/x.git/raw /b", "context:url:https://h/x.git/raw -> /b auto"},
    {"ADD https://h/x?u=y.git /b", "context:url:https://h/x?u=y.git -> /b auto"},
    {"ADD ssh://git@h/x git://h/y /b", "context:git:ssh://git@h/x|git:git://h/y -> /b dir auto"},
    {"ADD ftp://h/x /b", "context:ftp://h/x -> /b auto"},
    {"ADD a_b@h:c x@h_h:c /b", "context:git:a_b@h:c|x@h_h:c -> /b dir auto"},
    {"COPY --link a /b", "context:a -> /b link"},
    {"COPY --link=true a /b", "context:a -> /b link"},
    {"COPY --link=FALSE a /b", "context:a -> /b"},
    {"COPY --link --chmod=644 a /b", "context:a -> /b chmod=0644"},
    {"ADD --link a /b", "context:a -> /b auto link"},
    {"COPY --parents a/./b /c/", "context:a/./b -> /c/ dir parents"},
    {"COPY --exclude=*.o --exclude=!a.o --exclude=#x . /c/", "context:. -> /c/ dir !*.o !!a.o !#x"},
    {"ARG X=*.o Y\nCOPY --exclude=$X --exclude=$Y --exclude=${X}/b . /c", "context:. -> /c !*.o !*.o/b"},
    {"COPY --exclude=**/[a-z]* . /c", "context:. -> /c !**/[a-z]*"},
    {"COPY --chmod=u+x a /b", "context:a -> /b chmod=0700,0700"},
    {"ARG M=u=rwX,go=rX\nADD --chmod=$M a /b", "context:a -> /b chmod=0644,0755 auto"},
    {"ADD --unpack=true https://h/a.tgz /b", "context:url:https://h/a.tgz -> /b unpack"},
    {"ADD --unpack a /b", "context:a -> /b unpack"},
    {"ADD --unpack=false a.tgz /b", "context:a.tgz -> /b"},
    {"ADD --checksum=sha256:" SHA " https://h/a /b", "context:url:https://h/a -> /b auto sum=sha256:" SHA},
    {"ARG C=" SHA "\nADD --checksum=sha256:$C https://h/a <<E /b/\nt\nE",
     "context:url:https://h/a|<<E=t\n -> /b/ dir auto sum=sha256:" SHA},
    {"ADD --checksum=0123abc https://h/a.git /b", "context:git:https://h/a.git -> /b auto sum=0123abc"},
    {"ADD --keep-git-dir https://h/a.git /b", "context:git:https://h/a.git -> /b auto git-dir"},
    {"ADD --keep-git-dir=true https://h/a.git?keep-git-dir /b", "context:git:https://h/a.git?keep-git-dir -> /b auto git-dir"},
    {"ADD --keep-git-dir a /b", "context:a -> /b auto git-dir"},
    {"ARG V=first\nCOPY --from=$V /a /b", "stage 0:/a -> /b"},
    {"COPY --from=\"first\" /a /b", "stage 0:/a -> /b"},

    {"COPY --chmod=8 a /b", "! Dockerfile:5:6: --chmod: \"8\" is not an octal number from 0 to 7777"},
    {"COPY --chmod=10000 a /b", "! --chmod: \"10000\" is not an octal number"},
    {"ARG M=u+q\nCOPY --chown=1 --chmod=$M a /b", "! Dockerfile:6:16: --chmod: \"u+q\" is neither an octal number nor clauses"},
    {"COPY --chown=$NOPE a /b", "! Dockerfile:5:6: --chown=$NOPE gives an empty name, which would mean root"},
    {"ARG U=git@h:x/y.git\nCOPY $U /b", "! COPY cannot copy a git repository"},
    {"COPY <<E <\"F", "! a here-document's word cannot be read"},
    {"COPY https://h/x /b", "! Dockerfile:5:6: COPY cannot copy a URL; ADD can"},
    {"ARG U=https://h/x\nCOPY --chown=1 a \\\n  $U /b", "! Dockerfile:7:3: COPY cannot copy a URL; ADD can"},
    {"COPY a b ${c /d", "! Dockerfile:5:10: COPY: failed to process \"${c\""},
    {"COPY a /${d", "! Dockerfile:5:8: COPY: failed to process \"/${d\""},
    {"COPY a <<E <<-F /b\n\nE\nx\n\t\ty ${z\nF", "! Dockerfile:9:5: COPY, here-document: failed to process"},
    {"COPY --exclude=[ a /b", "! Dockerfile:5:6: --exclude=[: "},
    {"COPY --exclude=! a /b", "! Dockerfile:5:6: --exclude=!: "},
    {"ADD --checksum=sha256:" SHA " a /b", "! Dockerfile:5:5: ADD --checksum is of a URL or a repository; \"a\" is a path"},
    {"ADD --checksum=sha256:" SHA " https://h/a https://h/b /c", "! Dockerfile:5:5: ADD --checksum is of exactly one URL or repository"},
    {"ADD --checksum=sha256:" SHA " <<E /c\nt\nE", "! ADD --checksum is of exactly one URL or repository"},
    {"ADD --checksum=sha256:abc https://h/a /c", "! ADD --checksum=sha256:abc: of a URL it is \"sha256:\" and 64 digits"},
    {"ADD --checksum=sha512:" SHA " https://h/a /c", "! of a URL it is \"sha256:\" and 64 digits"},
    {"ADD --checksum=sha256:" SHA " https://h/a.git /c", "! of a repository it is a commit, or how one begins"},
    {"ADD --chown=1 --checksum=$NOPE https://h/a /c", "! Dockerfile:5:15: ADD --checksum=$NOPE gives nothing"},
    {"ADD --keep-git-dir=false https://h/a.git?ref=x&keep-git-dir=1#y /c", "! Dockerfile:5:5: ADD --keep-git-dir=false, but "},
    {"COPY --from=$HOME_OF a /b", "! Dockerfile:5:6: COPY --from=$HOME_OF: HOME_OF comes from ENV and is not known before the build runs"},
    {"COPY <<a/b /x\nb\na/b", "! Dockerfile:5:6: the here-document's word \"a/b\" cannot name a file"},
    {"COPY <<.. /x\nb\n..", "! Dockerfile:5:6: the here-document's word \"..\" cannot name a file"},
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
    good = rig_run(&r, "FROM x\nCOPY --exclude=b --link --chmod=u+x --chown=a --parents x y /d/\nADD --keep-git-dir --unpack=false "
                       "--checksum=abc --chmod=600 https://h/a.git /e\nADD <<A b https://h/c /f/\n1\nA");
    rig_ok(&r, "copies with other flags");
    is_str(good ? rig_dump_history(&r) : STR_NULL,
           S("COPY --parents --chown=a --chmod=u+x x y /d/ # buildkit\nADD --chmod=600 https://h/a.git /e # buildkit\n"
             "ADD b https://h/c <<A /f/ # buildkit"),
           "BuildKit writes some flags, in its order");
    rig_fini(&r);
    rig_init(&r);
    good = rig_run(&r, "FROM x\nADD --keep-git-dir a b");
    rig_ok(&r, "a flag without effect");
    ok(good && rig_scope(&r)->n_warnings == 1 && strcmp(rig_scope(&r)->warnings[0].rule, "IgnoredOption") == 0, "is warned of");
    rig_fini(&r);
    rig_init(&r);
    good = rig_run(&r, "FROM x\ncopy a \\\n  # comment\n  b");
    rig_ok(&r, "a copy over several lines");
    ok(good && str_starts(rig_last(&r)->title, S("COPY a ")) && str_index(rig_last(&r)->title, '\n') < 0,
       "the title is one line, its keyword in capitals");
    rig_fini(&r);
}

static void many_excludes(void) {
    struct rig r;
    struct buf b = BUF_INIT(1 << 20);
    rig_init(&r);
    buf_add_str(&b, S("FROM x\nCOPY"));
    for (int k = 0; k <= LIMIT_IGNORE_PATTERNS; k++)
        buf_add_str(&b, S(" \\\n --exclude=a"));
    buf_add_str(&b, S(" b c"));
    ok(!rig_run(&r, b.p), "more excludes than a COPY may have");
    is_err(&r.err, "Dockerfile:20003:2: more than 20000 --exclude flags", "are refused");
    buf_fini(&b);
    rig_fini(&r);
}

int main(void) {
    steps();
    histories();
    many_excludes();
    return tap_done();
}
