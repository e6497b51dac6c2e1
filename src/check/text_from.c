/* SPDX-License-Identifier: Apache-2.0
 * Where images come from: FROM, COPY --from and --mount=from=, as they are written. */
#include "check/registries.h"
#include "check/rules_buildkit.h"
#include "check/text_edits.h"
#include "check/text_rules.h"

/* --- References ------------------------------------------------------------------------------------------------------------------- */

struct reference {
    struct str tag; /* or "" */
    bool digest;
};

static struct reference take_apart(struct str image) {
    struct reference out = {0};
    struct str name, digest;
    out.digest = str_cut(image, '@', &name, &digest);
    ptrdiff_t slash = str_rindex(name, '/'), colon = str_rindex(name, ':');
    if (colon > slash)
        out.tag = str_from(name, (size_t)colon + 1);
    return out;
}

/* Whether FROM names an image of a registry; what variables make of it only a build knows. */
static bool is_image(const struct lint_stage *s) {
    return s->from && s->image.n && s->base == NO_STAGE && !str_eqz(s->image, "scratch") && str_index(s->image, '$') < 0;
}

/* --- Tags ------------------------------------------------------------------------------------------------------------------------- */

static void untagged(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct lint_stage *s = &c->lint.stages[c->step->stage];
    if (i->op != DF_FROM || c->step->at != i || !is_image(s))
        return;
    struct reference ref = take_apart(s->image);
    if (!ref.tag.n && !ref.digest)
        check_note(c, r, c->step, s->image, NULL, "FROM %.*s has no tag: it is whatever \"latest\" happens to be", STR_ARG(s->image));
}

static void latest(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct lint_stage *s = &c->lint.stages[c->step->stage];
    if (i->op != DF_FROM || c->step->at != i || !is_image(s))
        return;
    struct reference ref = take_apart(s->image);
    if (str_eqz(ref.tag, "latest") && !ref.digest)
        check_note(c, r, c->step, s->image, NULL, "FROM %.*s moves with every release", STR_ARG(s->image));
}

/* What is here is what a build would take now: with its digest it takes the same. */
static void undigested(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct lint_stage *s = &c->lint.stages[c->step->stage];
    const struct check_options *o = c->options;
    struct str digest = STR_NULL;
    if (i->op != DF_FROM || c->step->at != i || !is_image(s) || take_apart(s->image).digest)
        return;
    if (o->pin && str_index(s->image, '$') < 0 && o->pin(o->base_ctx, &c->scratch, s->image, &digest))
        fix_behind(c, c->step, s->image, arena_join3(&c->scratch, S("@"), digest, STR_NULL));
    check_note(c, r, c->step, s->image, NULL, "FROM %.*s names no digest%s%.*s", STR_ARG(s->image), digest.n ? "; here it is " : "",
               STR_ARG(digest));
}

/* --- Registries ------------------------------------------------------------------------------------------------------------------- */

static void judge_registry(struct check *c, const struct rule *r, struct str image) {
    struct str registry = registry_of(image);
    if (image.n && !str_eqz(image, "scratch") && str_index(image, '$') < 0 &&
        !registry_is_trusted(&c->options->policy.registries, registry))
        check_note(c, r, c->step, image, NULL, "%s is not among the registries that images may come from",
                   check_quoted(c, registry.n ? registry : S("docker.io")));
}

/* A name in COPY --from or a mount that is a stage, or the number of one, is no image. */
static bool names_stage(const struct check *c, struct str name) {
    for (size_t k = c->step->stage; k-- > 0;)
        if (str_eq_nocase(c->lint.stages[k].name, name))
            return true;
    uint64_t number;
    return str_to_u64(name, 10, UINT32_MAX, &number);
}

static void untrusted_registry(struct check *c, const struct rule *r, const struct df_instruction *i) {
    const struct lint_stage *s = &c->lint.stages[c->step->stage];
    if (c->options->policy.registries.n == 0)
        return;
    if (i->op == DF_FROM && c->step->at == i && s->base == NO_STAGE)
        judge_registry(c, r, s->image);
    struct str from = i->op == DF_COPY ? lint_flag(i, "from") : STR_NULL;
    if (from.n && c->step->from == NO_STAGE && !names_stage(c, from))
        judge_registry(c, r, from);
    for (size_t k = 0; i->op == DF_RUN && k < i->n_flags; k++) {
        struct str mounted = lint_mount(i, k, "from");
        if (mounted.n && !names_stage(c, mounted))
            judge_registry(c, r, mounted);
    }
}

/* --- Platforms, as hadolint reads them -------------------------------------------------------------------------------------------- */

static bool names_platform(struct str value) {
    return word_has(value, "BUILDPLATFORM") || word_has(value, "TARGETPLATFORM");
}

static bool is_target(struct str value) {
    return str_eqz(value, "$TARGETPLATFORM") || str_eqz(value, "${TARGETPLATFORM}");
}

static void judge_platforms(struct check *c, const struct rule *r, bool constant) {
    for (size_t k = 0; k < c->lint.n; k++) {
        const struct lint_step *s = &c->lint.steps[k];
        const struct df_flag *flag = s->i->op == DF_FROM ? platform_flag(s->i) : NULL;
        if (!flag || (constant ? names_platform(flag->value) : !is_target(flag->value)))
            continue;
        if (!constant) /* another platform is another image */
            fix_without_flag(c, s, flag);
        check_note(c, r, s, flag->value, NULL,
                   constant ? "FROM --platform=%.*s fixes the platform" : "--platform=%.*s is what FROM takes anyway",
                   STR_ARG(flag->value));
    }
}

void lint_platform_const(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    judge_platforms(c, r, true);
}

void lint_redundant_platform(struct check *c, const struct rule *r, const struct df_instruction *none) {
    (void)none;
    judge_platforms(c, r, false);
}

/* --- Order ------------------------------------------------------------------------------------------------------------------------ */

/* In a piece of a file the rest may stand above. */
static void first_instruction(struct check *c, const struct rule *r, const struct df_instruction *i) {
    (void)i;
    for (size_t k = 0; !c->piece && k < c->lint.n && c->lint.steps[k].at->op != DF_FROM; k++)
        if (c->lint.steps[k].at->op != DF_ARG) {
            check_note(c, r, &c->lint.steps[k], STR_NULL, NULL, "%s stands before the first FROM", df_op_name(c->lint.steps[k].at->op));
            return;
        }
}

const struct rule rules_from[] = {
    {.id = "FromUntagged",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3006 DS-0001 4.2",
     .why = "Without a tag FROM takes \"latest\", which is another image tomorrow.",
     .fix = "Name a tag that stays, and its digest.",
     .url = "",
     .run = untagged},
    {.id = "FromLatest",
     .reads = READS_TEXT,
     .severity = SEVERITY_WARNING,
     .also = "DL3007 DS-0001 DKL-DI-0006 4.2",
     .why = "\"latest\" is another image tomorrow: what was built and tested today cannot be built again.",
     .fix = "Name a version, and its digest.",
     .url = "",
     .run = latest},
    {.id = "FromUndigested",
     .reads = READS_TEXT,
     .severity = SEVERITY_INFO,
     .experimental = true,
     .also = "4.2",
     .why = "A tag may be moved: only a digest is the same image for ever.",
     .fix = "Write NAME:TAG@sha256:..., as `croze inspect` and the registry say.",
     .url = "",
     .run = undigested},
    {.id = "UntrustedRegistry",
     .reads = READS_TEXT,
     .severity = SEVERITY_ERROR,
     .also = "DL3026 4.2",
     .why = "Images may come from some registries alone, and this is none of them.",
     .fix = "Take the image from a registry of the list, or add this one.",
     .url = "",
     .run = untrusted_registry},
    {.id = "FirstInstruction",
     .reads = READS_FILE,
     .severity = SEVERITY_ERROR,
     .also = "DL3061",
     .why = "Before the first FROM only ARG has a meaning.",
     .fix = "Move the instruction behind FROM.",
     .url = "",
     .run = first_instruction},
    {0},
};
