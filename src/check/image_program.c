/* SPDX-License-Identifier: Apache-2.0
 * Rules over the program that a container of the image starts: it is there, its user may run it, and so is what it needs to start.
 * https://man7.org/linux/man-pages/man2/execve.2.html, "Interpreter scripts". */
#include "check/image_rules.h"

#include <elf.h>

#include "base/limits.h"

/* --- Finding it -------------------------------------------------------------------------------------------------------------------- */

static struct str first_word(const struct image_check *c) {
    const struct container_config *config = &c->image->config;
    const struct str_list *list = config->entrypoint.n ? &config->entrypoint : &config->cmd;
    return list->n ? list->p[0] : STR_NULL;
}

static bool resolve(struct image_check *c, struct str path, struct str *out) {
    bool exists = false;
    struct err e = ERR_INIT;
    bool good = view_resolve(&c->view, path, VIEW_FOLLOW_LAST, c->arena, out, &exists, &e) && exists;
    err_clear(&e);
    return good;
}

/* As execvp(3) looks for it: what has a slash is a path from the working directory. */
static bool find_program(struct image_check *c, struct str word, struct str *out) {
    struct str path = S("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"), dir;
    if (str_index(word, '/') == 0)
        return resolve(c, word, out);
    if (str_index(word, '/') > 0)
        return resolve(c, arena_join3(&c->scratch, c->image->config.workdir, S("/"), word), out);
    (void)pair_list_get(&c->image->config.env, S("PATH"), &path);
    for (size_t n = 0; n < 64 && str_next(&path, ':', &dir); n++)
        if (resolve(c, arena_join3(&c->scratch, dir, S("/"), word), out))
            return true;
    return false;
}

static void missing(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct str word = first_word(c);
    (void)en;
    if (word.n && !find_program(c, word, &c->program))
        image_report(c, r, "%s, which a container is to start, is not in the image", SHOWN(word));
}

static bool may_run(const struct entry *f, const struct user_ids *ids) {
    bool in_group = f->gid == ids->gid;
    for (size_t k = 0; k < ids->n_groups; k++)
        in_group |= ids->groups[k] == f->gid;
    if (ids->uid == 0)
        return f->mode & 0111;
    return f->mode & (f->uid == ids->uid ? 0100 : in_group ? 0010 : 0001);
}

static void not_executable(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct view_node node;
    struct user_ids ids = {0};
    struct err e = ERR_INIT;
    (void)en;
    if (!c->program.n || !view_lookup(&c->view, c->program, &c->scratch, &node))
        return;
    bool known = !c->image->config.user.n || view_user(&c->view, c->image->config.user, USER_RUN, &c->scratch, &ids, &e);
    err_clear(&e);
    if (node.entry.type != ENTRY_FILE)
        image_report_at(c, r, node.layer, c->program, 0, "the program that a container is to start is no file");
    else if (known && !may_run(&node.entry, &ids))
        image_report_at(c, r, node.layer, c->program, 0, "mode %04o, owned by %u:%u: user %u may not run it", node.entry.mode,
                        node.entry.uid, node.entry.gid, ids.uid);
}

/* --- Its first bytes ----------------------------------------------------------------------------------------------------------------- */

/* Whether the bytes are the program's: its name may be a hard link to the one that has them, as busybox's are. */
static bool is_program(struct image_check *c, const struct image_entry *en) {
    struct view_node node;
    return c->program.n && view_lookup(&c->view, c->program, &c->scratch, &node) && node.entry.type == ENTRY_FILE &&
           node.bytes_layer == en->layer && node.bytes_index == en->number;
}

/* "/bin/sh" of "#!/bin/sh -e"; "" if it is no script. */
static struct str interpreter(struct str bytes, struct str *line) {
    struct str rest;
    size_t n = 0;
    if (!str_starts(bytes, S("#!")))
        return STR_NULL;
    (void)str_cut(str_from(bytes, 2), '\n', line, &rest);
    struct str text = str_trim(str_first(*line, 255));
    while (n < text.n && text.p[n] != ' ' && text.p[n] != '\t')
        n++;
    return str_first(text, n);
}

/* The dynamic loader that a 64-bit little-endian ELF file asks for (elf(5), PT_INTERP); "" if it asks for none or is something else. */
static struct str loader(struct str bytes) {
    Elf64_Ehdr h;
    if (bytes.n < sizeof h || memcmp(bytes.p, ELFMAG, SELFMAG) != 0 || bytes.p[EI_CLASS] != ELFCLASS64 || bytes.p[EI_DATA] != ELFDATA2LSB)
        return STR_NULL;
    memcpy(&h, bytes.p, sizeof h);
    for (size_t k = 0; k < h.e_phnum; k++) {
        Elf64_Phdr p;
        uint64_t at = k * sizeof p;
        if (h.e_phentsize != sizeof p || h.e_phoff > bytes.n || bytes.n - h.e_phoff < at + sizeof p)
            return STR_NULL;
        memcpy(&p, bytes.p + h.e_phoff + at, sizeof p);
        if (p.p_type != PT_INTERP)
            continue;
        if (p.p_offset > bytes.n || bytes.n - p.p_offset < p.p_filesz || p.p_filesz > 4096)
            return STR_NULL;
        struct str text = str_n(bytes.p + p.p_offset, p.p_filesz);
        ptrdiff_t end = str_index(text, '\0');
        return end < 0 ? text : str_first(text, (size_t)end);
    }
    return STR_NULL;
}

/* Of every program, since nobody knows yet which one a container is to start. */
static void mark_needs(struct marker *m, const struct rule *r, const struct watched_file *f) {
    struct str line, wanted = interpreter(f->head, &line);
    if (wanted.n == 0)
        wanted = loader(f->head);
    if (wanted.n)
        marker_note(m, r, f, "%.*s", STR_ARG(wanted));
}

static void no_interpreter(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct str found;
    if (is_program(c, en) && !resolve(c, en->mark, &found))
        image_report_at(c, r, en->layer, c->program, 0, "needs %s, which is not in the image: it cannot start", SHOWN(en->mark));
}

static void mark_carriage_return(struct marker *m, const struct rule *r, const struct watched_file *f) {
    struct str line = STR_NULL;
    if (interpreter(f->head, &line).n && str_ends(line, S("\r")))
        marker_note(m, r, f, "its lines end in CR LF: the kernel looks for an interpreter whose name ends in CR");
}

static void carriage_returns(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    if (is_program(c, en))
        image_report_at(c, r, en->layer, c->program, 0, "%.*s", STR_ARG(en->mark));
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_program[] = {
    {.id = "ImageProgramMissing",
     .reads = READS_IMAGE,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "A container of the image ends at once with code 127.",
     .fix = "Copy it into the image, or correct ENTRYPOINT, CMD or PATH.",
     .url = "",
     .image = missing},
    {.id = "ImageProgramNotExecutable",
     .reads = READS_IMAGE,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "A container of the image ends at once with code 126.",
     .fix = "COPY --chmod=755, or name a user who may.",
     .url = "",
     .image = not_executable},
    {.id = "ImageInterpreterMissing",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "The kernel says \"no such file\" of a program whose interpreter or loader is absent.",
     .fix = "Add it, or build for what the image has (static, or its C library).",
     .url = "",
     .mark = mark_needs,
     .image = no_interpreter},
    {.id = "ImageProgramCarriageReturn",
     .reads = READS_CONTENT,
     .severity = SEVERITY_ERROR,
     .also = "",
     .why = "Git on Windows turns line ends, and the script then starts nowhere.",
     .fix = "Write \"*.sh eol=lf\" into .gitattributes.",
     .url = "",
     .mark = mark_carriage_return,
     .image = carriage_returns},
    {0},
};
