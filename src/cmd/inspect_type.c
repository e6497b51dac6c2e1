/* SPDX-License-Identifier: Apache-2.0
 * The types of what `inspect` shows (inspect_type.h): docker's image inspect, and what croze adds to it. */
#include "cmd/inspect_type.h"

static const struct template_field no_fields[] = {{NULL, NULL}};
static const struct template_type string_type = {.kind = TEMPLATE_STRING}, int_type = {.kind = TEMPLATE_INT},
                                  bool_type = {.kind = TEMPLATE_BOOL}, empty_type = {.kind = TEMPLATE_STRUCT, .fields = no_fields},
                                  list_type = {.kind = TEMPLATE_LIST, .element = &string_type},
                                  map_type = {.kind = TEMPLATE_MAP, .element = &string_type},
                                  set_type = {.kind = TEMPLATE_MAP, .element = &empty_type};

static const struct template_field health_fields[] = {
    {"Test", &list_type},        {"Interval", &int_type}, {"Timeout", &int_type}, {"StartPeriod", &int_type},
    {"StartInterval", &int_type}, {"Retries", &int_type},  {NULL, NULL},
};
static const struct template_type health_type = {.kind = TEMPLATE_POINTER, .fields = health_fields};
static const struct template_field config_fields[] = {
    {"User", &string_type},    {"ExposedPorts", &set_type},  {"Env", &list_type},       {"Entrypoint", &list_type}, {"Cmd", &list_type},
    {"Volumes", &set_type},    {"WorkingDir", &string_type}, {"Labels", &map_type},     {"StopSignal", &string_type},
    {"ArgsEscaped", &bool_type}, {"Healthcheck", &health_type}, {"OnBuild", &list_type}, {"Shell", &list_type},      {NULL, NULL},
};
static const struct template_type config_type = {.kind = TEMPLATE_POINTER, .fields = config_fields};
static const struct template_field rootfs_fields[] = {
    {"Type", &string_type}, {"Layers", &list_type}, {"Blobs", &list_type}, {NULL, NULL},
};
static const struct template_type rootfs_type = {.kind = TEMPLATE_STRUCT, .fields = rootfs_fields};
static const struct template_field image_fields[] = {
    {"Id", &string_type},      {"Digest", &string_type}, {"RepoTags", &list_type},       {"RepoDigests", &list_type},
    {"Created", &string_type}, {"Author", &string_type}, {"Config", &config_type},       {"Architecture", &string_type},
    {"Os", &string_type},      {"RootFS", &rootfs_type}, {"Size", &int_type},            {NULL, NULL},
};
const struct template_type inspect_type = {.kind = TEMPLATE_STRUCT, .fields = image_fields};
