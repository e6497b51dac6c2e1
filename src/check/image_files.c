/* SPDX-License-Identifier: Apache-2.0
 * Rules over the metadata of an image's files: modes, owners, capabilities, names. */
#include "check/image_rules.h"

#include <linux/capability.h>

#include "base/limits.h"
#include "layer/names.h"

static bool is_file(const struct image_entry *en) {
    return en->entry->type == ENTRY_FILE || en->entry->type == ENTRY_HARDLINK;
}

/* A file that a container sees, with the mode and the rest of what it is. A hard link counts where the name is gone that it was a second
 * one of: the file itself is told of by its first. */
static bool shows_file(struct image_check *c, const struct image_entry *en, struct entry *out) {
    struct view_node node, first;
    *out = *en->entry;
    if (out->type == ENTRY_FILE || out->type != ENTRY_HARDLINK)
        return out->type == ENTRY_FILE && image_shows(c, en);
    if (!view_lookup(&c->view, out->path, &c->scratch, &node) || node.layer != en->layer || node.entry.type != ENTRY_FILE)
        return false;
    struct str link = out->link;
    *out = node.entry;
    return !view_lookup(&c->view, link, &c->scratch, &first) || first.entry.type != ENTRY_FILE || first.layer > en->layer;
}

/* --- Privilege --------------------------------------------------------------------------------------------------------------------- */

static void set_id(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct entry f = *en->entry;
    if ((f.type != ENTRY_HARDLINK && !(f.mode & 06000)) || !shows_file(c, en, &f) || !(f.mode & 06000))
        return;
    const char *what = (f.mode & 06000) == 06000 ? "set-user-ID and set-group-ID" : f.mode & 04000 ? "set-user-ID" : "set-group-ID";
    image_report_at(c, r, en->layer, f.path, 0, "mode %04o: %s, owned by %u:%u", f.mode, what, f.uid, f.gid);
}

/* Version 2 and 3 of the kernel's struct vfs_cap_data: magic, then permitted and inheritable, low and high words. */
static void capabilities(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct entry f = *en->entry;
    if ((f.type != ENTRY_HARDLINK && f.n_xattrs == 0) || !shows_file(c, en, &f))
        return;
    for (size_t k = 0; k < f.n_xattrs; k++) {
        struct str value = f.xattrs[k].value;
        if (!str_eqz(f.xattrs[k].name, "security.capability"))
            continue;
        uint32_t words[3] = {0};
        memcpy(words, value.p, value.n < sizeof words ? value.n : sizeof words);
        image_report_at(c, r, en->layer, en->entry->path, 0, "has capabilities (permitted 0x%x, inheritable 0x%x)", words[1], words[2]);
    }
}

static void world_writable(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct entry f = *en->entry;
    if ((f.type == ENTRY_HARDLINK || f.mode & 0002) && shows_file(c, en, &f) && f.mode & 0002)
        image_report_at(c, r, en->layer, f.path, 0, "mode %04o: everyone may write it", f.mode);
}

static void not_sticky(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    const struct entry *f = en->entry;
    if (f->type == ENTRY_DIR && f->mode & 0002 && !(f->mode & 01000) && image_shows(c, en))
        image_report_at(c, r, en->layer, f->path, 0, "mode %04o: everyone may remove what others put there", f->mode);
}

static void devices(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    const struct entry *f = en->entry;
    if ((f->type == ENTRY_CHAR || f->type == ENTRY_BLOCK) && image_shows(c, en))
        image_report_at(c, r, en->layer, f->path, 0, "%s device %u:%u", f->type == ENTRY_CHAR ? "character" : "block", f->major, f->minor);
}

static void sudo(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    static const char *const helpers[] = {"sudo", "doas", "pkexec", NULL};
    struct str name = path_base(en->entry->path), dir = path_base(path_dir(en->entry->path));
    bool in_path = str_eqz(dir, "bin") || str_eqz(dir, "sbin");
    for (size_t k = 0; in_path && helpers[k]; k++)
        if (is_file(en) && str_eqz(name, helpers[k]) && image_shows(c, en))
            image_report_at(c, r, en->layer, en->entry->path, en->entry->size, "%s is in the image", helpers[k]);
}

static void ssh_server(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    if (is_file(en) && str_eqz(path_base(en->entry->path), "sshd") && str_eqz(path_base(path_dir(en->entry->path)), "sbin") &&
        image_shows(c, en))
        image_report_at(c, r, en->layer, en->entry->path, en->entry->size, "an ssh server is in the image");
}

/* --- Names ------------------------------------------------------------------------------------------------------------------------- */

static bool below(struct str path, const char *const *dirs) {
    for (size_t k = 0; dirs[k]; k++)
        if (path_below(path, str_z(dirs[k])))
            return true;
    return false;
}

static bool is_one_of(struct str name, const char *const *names) {
    for (size_t k = 0; names[k]; k++)
        if (str_eqz(name, names[k]))
            return true;
    return false;
}

static void junk(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    static const char *const files[] = {
        "Dockerfile", "Containerfile", "docker-compose.yml", "compose.yaml", ".dockerignore", ".vimrc", ".DS_Store", "Thumbs.db", NULL};
    static const char *const dirs[] = {".git", ".svn", ".hg", ".vscode", ".idea", ".npm", ".azure", ".gcp", "__MACOSX", NULL};
    static const char *const packages[] = {"usr/share", "usr/lib", "usr/local/lib", NULL};
    const struct entry *f = en->entry;
    struct str name = path_base(f->path);
    bool bad = f->type == ENTRY_DIR ? is_one_of(name, dirs) : is_file(en) && is_one_of(name, files);
    bool shipped = f->type != ENTRY_DIR && below(f->path, packages); /* examples of a package */
    if (bad && !shipped && image_shows(c, en))
        image_report_at(c, r, en->layer, f->path, f->type == ENTRY_FILE ? f->size : 0, "belongs to a work tree, not into an image");
}

static void credential_file(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    static const char *const names[] = {".netrc",  ".pgpass",    ".my.cnf",          ".git-credentials", ".htpasswd",    ".npmrc",
                                        ".pypirc", ".dockercfg", "id_rsa",           "id_dsa",           "id_ecdsa",     "id_ed25519",
                                        ".s3cfg",  ".boto",      "credentials.json", ".bash_history",    ".ash_history", ".zsh_history",
                                        NULL};
    static const char *const places[] = {".aws/credentials", ".docker/config.json",      ".kube/config",
                                         ".m2/settings.xml", ".azure/accessTokens.json", NULL};
    const struct entry *f = en->entry;
    bool bad = is_one_of(path_base(f->path), names);
    for (size_t k = 0; places[k]; k++)
        bad |= str_ends(f->path, arena_printf(&c->scratch, "/%s", places[k])) || str_eqz(f->path, places[k]);
    if (!bad || !is_file(en) || (f->type == ENTRY_FILE && f->size == 0))
        return;
    image_report_at(c, r, en->layer, f->path, f->type == ENTRY_FILE ? f->size : 0, "is where people keep credentials%s",
                    image_shows(c, en) ? "" : "; a later layer hides it, but it ships");
}

static void host_key(struct image_check *c, const struct rule *r, const struct image_entry *en) {
    struct str name = path_base(en->entry->path);
    if (is_file(en) && str_starts(en->entry->path, S("etc/ssh/")) && str_starts(name, S("ssh_host_")) && str_ends(name, S("_key")))
        image_report_at(c, r, en->layer, en->entry->path, en->entry->size,
                        "all containers, and all who have the image, share this host key");
}

/* --- The rows ------------------------------------------------------------------------------------------------------------------------ */

const struct rule rules_image_files[] = {
    {.id = "ImageSetId",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "CIS-DI-0008 4.8",
     .why = "Who runs it gets its owner's rights, and with them a way up.",
     .fix = "Remove the bits (RUN chmod a-s), or the package; run with no-new-privileges.",
     .url = "",
     .image = set_id},
    {.id = "ImageFileCapability",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "4.8",
     .why = "A file's capabilities are rights of root for whoever runs it, and no mode shows them.",
     .fix = "Remove them: setcap -r FILE.",
     .url = "",
     .image = capabilities},
    {.id = "ImageWorldWritable",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "What everyone may write anyone's program may be made to run or to read.",
     .fix = "chmod o-w.",
     .url = "",
     .image = world_writable},
    {.id = "ImageNotSticky",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "Without the sticky bit everyone may replace everyone's files in it.",
     .fix = "chmod 1777, or o-w.",
     .url = "",
     .image = not_sticky},
    {.id = "ImageDevice",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "",
     .why = "A container gets its devices from the runtime; a node in a layer opens whatever has these numbers.",
     .fix = "Remove it.",
     .url = "",
     .image = devices},
    {.id = "ImageSudo",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "DKL-DI-0001 DS-0010 DL3004",
     .why = "A program that makes root of others has no work in an image that never is root.",
     .fix = "Remove the package; build steps are root.",
     .url = "",
     .image = sudo},
    {.id = "ImageSshServer",
     .reads = READS_ENTRY,
     .severity = SEVERITY_WARNING,
     .also = "5.7",
     .why = "A shell server is one more door, and its keys are everyone's.",
     .fix = "Remove the package.",
     .url = "",
     .image = ssh_server},
    {.id = "ImageJunk",
     .reads = READS_ENTRY,
     .severity = SEVERITY_INFO,
     .also = "DKL-LI-0003",
     .why = "It costs room and tells strangers how you work.",
     .fix = "Name it in .dockerignore, or copy less.",
     .url = "",
     .image = junk},
    {.id = "ImageCredentialFile",
     .reads = READS_ENTRY,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "Everyone who has the image can read it, from its own layer even if a later one deletes it.",
     .fix = "Use RUN --mount=type=secret, build anew from before that step, and change what was in it.",
     .url = "",
     .image = credential_file},
    {.id = "ImageHostKey",
     .reads = READS_ENTRY,
     .severity = SEVERITY_ERROR,
     .also = "CIS-DI-0010 4.10",
     .why = "A private key that everyone has protects nobody.",
     .fix = "Make host keys when the container starts, or remove the server.",
     .url = "",
     .image = host_key},
    {0},
};
