/* SPDX-License-Identifier: Apache-2.0
 * The exec form, ["program", "argument"], by the JSON reader. */
#include "dockerfile/parse.h"

#include "base/json.h"
#include "base/limits.h"
#include "dockerfile/text.h"

/* Curly quotes, as word processors make them, and single quotes are what people mistake for JSON's own. */
static const struct {
    struct str open, close;
} quotes[] = {
    {{"\"", 1}, {"\"", 1}},
    {{"'", 1}, {"'", 1}},
    {{"\xe2\x80\x9c", 3}, {"\xe2\x80\x9d", 3}}, /* U+201C, U+201D */
};

/* Whether shell text that starts with "[" was meant as JSON: a quoted string follows, and behind it a comma, or "]" and nothing more.
 * `[ "$a" = b ] && c` is a command. */
static bool looks_like_json(struct str text) {
    text = blank_trim(str_from(text, 1));
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++) {
        if (!str_starts(text, quotes[i].open))
            continue;
        struct str inside = str_from(text, quotes[i].open.n);
        ptrdiff_t end = str_find(inside, quotes[i].close);
        struct str behind = end < 0 ? STR_NULL : blank_trim_left(str_from(inside, (size_t)end + quotes[i].close.n));
        return behind.n == 0 || behind.p[0] == ',' || str_eq(behind, S("]"));
    }
    return false;
}

/* Where the next element stands that is a string, or the first that is none: *rest lies behind "[" or behind a string of valid JSON. */
static struct df_pos element_next(const struct parse *p, struct str *rest) {
    while (rest->n && one_of(rest->p[0], ", \t\r\n"))
        *rest = str_from(*rest, 1);
    struct df_pos pos = pos_of(p, *rest);
    size_t i = 1;
    while (i < rest->n && rest->p[i] != '"')
        i += rest->p[i] == '\\' ? 2 : 1;
    *rest = str_from(*rest, i + 1);
    return pos;
}

static bool take_strings(struct parse *p, yyjson_val *array, struct str text, struct df_instruction *in, struct err *e) {
    size_t i, n, all = in->n_args + yyjson_arr_size(array);
    yyjson_val *v;
    if (!count_words(p, yyjson_arr_size(array), pos_of(p, text), e))
        return false;
    struct str *args = arena_array(p->arena, struct str, all), rest = str_from(text, 1);
    struct df_pos *places = arena_array(p->arena, struct df_pos, all);
    for (i = 0; i < in->n_args; i++) { /* HEALTHCHECK's type */
        args[i] = in->args[i];
        places[i] = in->arg_pos[i];
    }
    in->args = args;
    in->arg_pos = places;
    yyjson_arr_foreach(array, i, n, v) {
        struct df_pos pos = element_next(p, &rest);
        if (!yyjson_is_str(v))
            return fail_at(p->name, pos, e, "when using JSON array syntax, arrays must be comprised of strings only");
        places[in->n_args] = pos;
        args[in->n_args++] = arena_str(p->arena, str_n(yyjson_get_str(v), yyjson_get_len(v)));
    }
    in->json = true;
    return true;
}

bool json_form(struct parse *p, struct str text, bool *found, struct df_instruction *in, struct err *e) {
    *found = false;
    if (!str_starts(text, S("[")))
        return true;
    struct err not_json = ERR_INIT;
    _cleanup_(json_doc_freep) yyjson_doc *doc = json_parse(text, LIMIT_DOCKERFILE_BYTES, "exec form", &not_json);
    *found = doc != NULL;
    if (!doc && looks_like_json(text))
        warn_at(p, pos_of(p, text), "InvalidExecForm", "this is not JSON and is taken as plain text: %s", not_json.msg);
    err_clear(&not_json);
    return !doc || take_strings(p, yyjson_doc_get_root(doc), text, in, e);
}
