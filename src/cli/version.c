/* `refit version`, also written `refit --version`. */
#include "cli/cli.h"

static enum status run_version(struct invocation *in, struct error *err)
{
    (void)err;
    if (!in->json) {
        puts("refit " REFIT_VERSION);
        return STATUS_OK;
    }
    struct buf document = {0};
    struct json j;
    json_init(&j, &document);
    json_open_object(&j);
    json_key(&j, "version");
    json_str(&j, STR(REFIT_VERSION));
    json_close_object(&j);
    output_json(&document);
    return STATUS_OK;
}

const struct command command_version = {
    .name = "version",
    .summary = "print the version",
    .arguments = "",
    .description = "Prints the version of this program. `refit --version` does the same.",
    .examples = "  refit --version\n"
                "  refit version --json",
    .common = COMMON_JSON,
    .run = run_version,
};
