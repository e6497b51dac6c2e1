/* SPDX-License-Identifier: Apache-2.0
 * The table of rules. BuildKit's come in the order of its own documentation; behind them croze's own. */
#include "check/text_rules.h"

#define DOCKER(page) "https://docs.docker.com/go/dockerfile/rule/" page "/"

const struct rule rules[] = {
    {"ConsistentInstructionCasing", READS_FILE, SEVERITY_WARNING, false, "",
     "Keywords in upper case stand out from their arguments; a mixture looks like a mistake.",
     "Write all keywords in one case.", DOCKER("consistent-instruction-casing"), rule_instruction_casing},
    {"CopyIgnoredFile", READS_STEP, SEVERITY_WARNING, false, "",
     "The ignore file keeps this file out of the build context: the instruction will not find it.",
     "Take the file out of the ignore file, or the instruction out of the Dockerfile.", DOCKER("copy-ignored-file"),
     rule_copy_ignored_file},
    {"DuplicateStageName", READS_FILE, SEVERITY_WARNING, false, "DL3024 DS-0012",
     "Of two stages with one name only one can be meant; which, depends on where it is named.", "Give each stage a name of its own.",
     DOCKER("duplicate-stage-name"), rule_duplicate_stage_name},
    {"ExposeInvalidFormat", READS_NOTHING, SEVERITY_WARNING, false, "",
     "An image cannot say which address or port of its host to use; that half means nothing, and is to become an error.",
     "Write the container's port alone: EXPOSE 8080/tcp.", DOCKER("expose-invalid-format"), NULL},
    {"ExposeProtoCasing", READS_NOTHING, SEVERITY_WARNING, false, "", "Protocols are written in lower case.", "Write tcp, udp or sctp.",
     DOCKER("expose-proto-casing"), NULL},
    {"FromAsCasing", READS_INSTRUCTION, SEVERITY_WARNING, false, "", "FROM and AS belong together and look better in one case.",
     "Write FROM ... AS, or from ... as.", DOCKER("from-as-casing"), rule_from_as_casing},
    {"FromPlatformFlagConstDisallowed", READS_FROM, SEVERITY_WARNING, false, "DL3029",
     "A fixed platform makes the stage useless for any other, where a name of the stage does not say that this is wanted.",
     "Leave --platform to the command line, use $BUILDPLATFORM, or put the platform into the stage's name.",
     DOCKER("from-platform-flag-const-disallowed"), rule_from_platform_const},
    {"InvalidDefaultArgInFrom", READS_FROM, SEVERITY_WARNING, false, "",
     "Without build arguments the file does not build: the default gives no valid image name.",
     "Give the ARG a default with which FROM is complete.", DOCKER("invalid-default-arg-in-from"), rule_invalid_default_arg_in_from},
    {"InvalidDefinitionDescription", READS_INSTRUCTION, SEVERITY_WARNING, true, "",
     "The comment right above an ARG or a named FROM is its description, and begins with the name.",
     "Begin the comment with the name, or put an empty comment line between.", DOCKER("invalid-definition-description"),
     rule_definition_description},
    {"JSONArgsRecommended", READS_STEP, SEVERITY_WARNING, false, "DL3025",
     "In shell form a shell is the container's first process: the program does not get the signals that should stop it.",
     "Write [\"program\", \"argument\"], or name the shell with SHELL if one is wanted.", DOCKER("json-args-recommended"),
     rule_json_args},
    {"LegacyKeyValueFormat", READS_STEP, SEVERITY_WARNING, false, "",
     "\"ENV key value\" takes the rest of the line for one value, which is easily misread.", "Put \"=\" between key and value.",
     DOCKER("legacy-key-value-format"), rule_legacy_pairs},
    {"MaintainerDeprecated", READS_INSTRUCTION, SEVERITY_WARNING, false, "DL4000 DS-0022",
     "MAINTAINER writes to a field that tools no longer read.", "Write LABEL org.opencontainers.image.authors=\"...\".",
     DOCKER("maintainer-deprecated"), rule_maintainer_deprecated},
    {"MultipleInstructionsDisallowed", READS_STEP, SEVERITY_WARNING, false, "DL3012 DL4003 DL4004 DS-0007 DS-0016 DS-0023",
     "An image has one CMD, one ENTRYPOINT and one HEALTHCHECK: this one has no effect.", "Remove it.",
     DOCKER("multiple-instructions-disallowed"), rule_multiple_instructions},
    {"NoEmptyContinuation", READS_NOTHING, SEVERITY_WARNING, false, "",
     "The instruction goes on behind the empty line, which hardly anyone expects; it is to become an error.",
     "Remove the empty line, or the line continuation before it.", DOCKER("no-empty-continuation"), NULL},
    {"RedundantTargetPlatform", READS_FROM, SEVERITY_WARNING, false, "", "The target platform is what FROM takes anyway.",
     "Remove --platform.", DOCKER("redundant-target-platform"), rule_redundant_target_platform},
    {"ReservedStageName", READS_FILE, SEVERITY_WARNING, false, "DL3063",
     "\"scratch\" and \"context\" mean something else: the stage cannot be named everywhere.", "Choose another name.",
     DOCKER("reserved-stage-name"), rule_reserved_stage_name},
    {"SecretsUsedInArgOrEnv", READS_STEP, SEVERITY_WARNING, false, "DL3064 DS-0031 CIS-DI-0010 4.10",
     "Build arguments and environment variables can be read in the image's configuration and history by all who have the image.",
     "Use RUN --mount=type=secret,id=... and build with --secret.", DOCKER("secrets-used-in-arg-or-env"), rule_secrets_in_variables},
    {"StageNameCasing", READS_INSTRUCTION, SEVERITY_WARNING, false, "",
     "Names of stages know no case; lower case keeps them apart from instructions.", "Write the name in lower case.",
     DOCKER("stage-name-casing"), rule_stage_name_casing},
    {"UndefinedArgInFrom", READS_FROM, SEVERITY_WARNING, false, "",
     "The variable is empty: only predefined ones and ARGs before the first FROM are known here.",
     "Declare ARG before the first FROM, or correct the name.", DOCKER("undefined-arg-in-from"), rule_undefined_arg_in_from},
    {"UndefinedVar", READS_NOTHING, SEVERITY_WARNING, false, "", "The variable is empty here.",
     "Define it with ARG or ENV before its use, in this stage, or correct the name.", DOCKER("undefined-var"), NULL},
    {"WorkdirRelativePath", READS_STEP, SEVERITY_WARNING, false, "DL3000 DS-0009",
     "The directory depends on the base image's own, which may change.", "Write an absolute path.", DOCKER("workdir-relative-path"),
     rule_workdir_relative},

    {"ForeignSyntax", READS_NOTHING, SEVERITY_WARNING, false, "",
     "The frontend that # syntax= names is a program that is not run: its own additions to the language are not known here.",
     "Remove the line, or name docker/dockerfile.", "", NULL},
    {"IgnoredFlag", READS_NOTHING, SEVERITY_WARNING, false, "", "The instruction takes no flags, and BuildKit does not look at them.",
     "Remove the flag.", "", NULL},
    {"IgnoredOption", READS_NOTHING, SEVERITY_WARNING, false, "", "The option is legal there and means nothing.", "Remove it.", "", NULL},
    {"InvalidExecForm", READS_NOTHING, SEVERITY_WARNING, false, "",
     "What looks like a JSON array and is none is taken as a shell's command line.", "Use straight double quotes, and commas between.",
     "", NULL},
    {"PlaceholderArg", READS_NOTHING, SEVERITY_WARNING, false, "", "The value is to be filled in by whoever builds.",
     "Give it with --build-arg.", "", NULL},
    {0},
};

const struct rule *rule_find(const char *id) {
    for (const struct rule *r = rules; r->id; r++)
        if (strcmp(r->id, id) == 0)
            return r;
    return NULL;
}

const char *severity_name(enum severity s) {
    static const char *const names[] = {"style", "info", "warning", "error"};
    return names[s];
}
