/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's arguments in plugstack.conf: NAME=VALUE words.  Slurm splits the
 * line at white space and knows no quotes, so a value can contain neither.  A
 * name that is not in this file's table is a default of a setting, as in
 * home=no.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/plugstack_args.h"

/*
 * An argument is a row of the table below.  A number or a choice between two
 * words needs only that, and a field of struct plugstack_args.
 */
struct arg_rule {
	const char *name;
	int (*parse)(const struct arg_rule *rule, const char *value,
		struct plugstack_args *args, struct error *err);
	size_t field;           /* offset of the int or bool */
	int fallback, max;      /* of a number, which is at least 1 */
	const char *unit;       /* of a number, for messages */
	const char *choices[2]; /* the first is the default */
	int on;                 /* the choice that makes the bool true */
};

static void *field_of(const struct arg_rule *rule, struct plugstack_args *args)
{
	return (char *)args + rule->field;
}

static int parse_number(const struct arg_rule *rule, const char *value,
	struct plugstack_args *args, struct error *err)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < 1 || number > rule->max)
		return error_set(err, 0,
			"it is not a whole number%s from 1 to %d",
			rule->unit ? rule->unit : "", rule->max);
	*(int *)field_of(rule, args) = number;
	return 0;
}

static int parse_choice(const struct arg_rule *rule, const char *value,
	struct plugstack_args *args, struct error *err)
{
	int choice;

	for (choice = 0; choice < 2; choice++)
		if (strcmp(value, rule->choices[choice]) == 0) {
			*(bool *)field_of(rule, args) = choice == rule->on;
			return 0;
		}
	return error_set(err, 0, "it is neither %s nor %s", rule->choices[0],
		rule->choices[1]);
}

/* A colon at the end does no harm. */
static int check_directories(char *rest, struct error *err)
{
	do {
		if (admin_variables_check(strsep(&rest, ":"), err) < 0)
			return -1;
	} while (rest && *rest);
	return 0;
}

static int parse_path(const struct arg_rule *rule, const char *value,
	struct plugstack_args *args, struct error *err)
{
	CLEANUP_FREE char *checked = strdup(value);
	char *copy = strdup(value);

	(void)rule;
	if (!checked || !copy) {
		free(copy);
		return error_set(err, 0, "cannot allocate memory");
	}
	free(args->path);
	args->path = copy;
	return check_directories(checked, err);
}

static int check_binds(const struct bind_list *binds, struct error *err)
{
	size_t i;

	for (i = 0; i < binds->count; i++)
		if (admin_variables_check(binds->items[i].source, err) < 0 ||
			admin_variables_check(binds->items[i].target, err) < 0)
			return -1;
	return 0;
}

static int parse_bind(const struct arg_rule *rule, const char *value,
	struct plugstack_args *args, struct error *err)
{
	struct bind_list more;
	int parsed;

	(void)rule;
	if (bind_list_parse(value, BIND_SPEC_ADMIN, &more, err) < 0)
		return -1;
	parsed = check_binds(&more, err);
	if (parsed == 0 && bind_list_append(&args->binds, &more) < 0)
		parsed = error_set(err, 0, "cannot allocate memory");
	bind_list_free(&more);
	return parsed;
}

static int parse_deny(const struct arg_rule *rule, const char *value,
	struct plugstack_args *args, struct error *err)
{
	CLEANUP_FREE char *copy = strdup(value);
	char *rest = copy, *name;
	enum setting setting;

	(void)rule;
	if (list_check(value, err) < 0)
		return -1;
	while (copy && (name = list_next(&rest))) {
		setting = setting_find(name, strlen(name));
		if (setting == SETTINGS_COUNT)
			return error_set(err, 0,
				"there is no option --sif-%s to deny", name);
		args->denied[setting] = true;
	}
	return copy ? 0 : error_set(err, 0, "cannot allocate memory");
}

/*
 * The first word is the default, a second one what users may choose instead.
 * Any other value is a default for --sif-mount=IMAGE:DST, which has a colon.
 */
static int parse_mount(const struct arg_rule *rule, const char *value,
	struct plugstack_args *args, struct error *err)
{
	static const struct {
		const char *words, *host_mount;
		bool users_choose;
	} modes[] = {
		{ "private", "no", false },
		{ "host", "yes", false },
		{ "private,host", "no", true },
		{ "host,private", "yes", true },
	};
	size_t i;

	(void)rule;
	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(value, modes[i].words) == 0) {
			args->users_choose_mount = modes[i].users_choose;
			return settings_put(&args->defaults, SETTING_HOST_MOUNT,
				modes[i].host_mount, err);
		}
	return settings_put(&args->defaults, SETTING_MOUNT, value, err);
}

static int parse_overlay_partition(const struct arg_rule *rule,
	const char *value, struct plugstack_args *args, struct error *err)
{
	bool ignores = strcmp(value, "ignore") == 0;
	bool refuses = strcmp(value, "refuse") == 0;

	(void)rule;
	if (!ignores && !refuses && strcmp(value, "use") != 0)
		return error_set(err, 0,
			"it is none of use, ignore and refuse");
	args->ignore_overlays = ignores;
	args->refuse_overlays = refuses;
	return 0;
}

/* clang-format off */
#define ARG(name_, parse_) { .name = (name_), .parse = (parse_) }
#define FIELD_ARG(name_, parse_, member, ...)                             \
	{ .name = (name_), .parse = (parse_),                             \
		.field = offsetof(struct plugstack_args, member), __VA_ARGS__ }
#define NUMBER(name_, member, ...) \
	FIELD_ARG(name_, parse_number, member, __VA_ARGS__)
#define CHOICE(name_, member, ...) \
	FIELD_ARG(name_, parse_choice, member, __VA_ARGS__)
/* clang-format on */

static const struct arg_rule rules[] = {
	NUMBER("timeout", timeout_s, .fallback = PLUGSTACK_TIMEOUT_DEFAULT_S,
		.max = PLUGSTACK_TIMEOUT_MAX_S, .unit = " of seconds"),
	NUMBER("cache", cache_mib, .fallback = PLUGSTACK_CACHE_DEFAULT_MIB,
		.max = PLUGSTACK_CACHE_MAX_MIB),
	NUMBER("threads", threads, .max = PLUGSTACK_THREADS_MAX),
	ARG("path", parse_path),
	ARG("bind", parse_bind),
	NUMBER("binds-max", binds_max, .fallback = PLUGSTACK_BINDS_DEFAULT,
		.max = PLUGSTACK_BINDS_MAX),
	ARG("deny", parse_deny),
	CHOICE("privilege", userns, .choices = { "root", "userns" }, .on = 1),
	ARG("mount", parse_mount),
	CHOICE("uring", use_uring, .choices = { "auto", "no" }, .on = 0),
	CHOICE("reader", use_squashfuse, .choices = { "builtin", "squashfuse" },
		.on = 1),
	ARG("overlay-partition", parse_overlay_partition),
	CHOICE("overlay-writable", refuse_writable,
		.choices = { "read-only", "refuse" }, .on = 1),
	CHOICE("log", log_steps, .choices = { "yes", "no" }, .on = 0),
};

#define RULES_COUNT (sizeof(rules) / sizeof(*rules))

static void set_defaults(struct plugstack_args *args)
{
	size_t i;

	*args = (struct plugstack_args){ .timeout_s = 0 };
	for (i = 0; i < RULES_COUNT; i++)
		if (rules[i].parse == parse_number)
			*(int *)field_of(&rules[i], args) = rules[i].fallback;
		else if (rules[i].parse == parse_choice)
			*(bool *)field_of(&rules[i], args) = rules[i].on == 0;
}

static int refuse_name(struct error *err)
{
	char names[256] = "";
	size_t i, used = 0;

	for (i = 0; i < RULES_COUNT; i++)
		used += snprintf(names + used, sizeof(names) - used,
			"%s%s=", i > 0 ? ", " : "", rules[i].name);
	return error_set(err, 0,
		"there is no such argument (there are: %s, and defaults such as "
		"home=no, see spank_sif(8))",
		names);
}

/* Only a path can contain variables, not a word such as "private". */
static int check_directory(const char *value, struct error *err)
{
	return strpbrk(value, "$~") ? admin_variables_check(value, err) : 0;
}

/* No variables, and no working directory; a bare name is looked up. */
static int check_layers(const struct settings *defaults, struct error *err)
{
	const struct overlay_list *layers = settings_overlays(defaults);
	size_t i;

	for (i = 0; i < layers->count; i++)
		if (layers->items[i].path[0] != '/' &&
			strpbrk(layers->items[i].path, "/$~"))
			return error_set(err, 0,
				"the path of a layer must be absolute, or a "
				"name in a directory of path=");
	return 0;
}

static int parse_default(const char *word, struct plugstack_args *args,
	struct error *err)
{
	size_t length = strcspn(word, "=");
	enum setting setting = setting_find(word, length);

	if (!word[length] || setting == SETTINGS_COUNT ||
		setting_rule(setting)->user_only)
		return refuse_name(err);
	if (settings_put(&args->defaults, setting, word + length + 1, err) < 0)
		return -1;
	if (setting == SETTING_OVERLAY)
		return check_layers(&args->defaults, err);
	return setting == SETTING_HOME || setting == SETTING_WORKDIR
		       ? check_directory(word + length + 1, err)
		       : 0;
}

static int parse_word(const char *word, struct plugstack_args *args,
	struct error *err)
{
	size_t i, length;

	for (i = 0; i < RULES_COUNT; i++) {
		length = strlen(rules[i].name);
		if (strncmp(word, rules[i].name, length) == 0 &&
			word[length] == '=')
			return rules[i].parse(&rules[i], word + length + 1,
				args, err);
	}
	return parse_default(word, args, err);
}

/* Adds a wrong word to the sentence about those before it. */
static void add_wrong(const char *word, struct error *wrong, int before,
	struct error *err)
{
	if (before) {
		error_prefix(wrong, "'%s'", word);
		error_hint(err, wrong->text);
	} else {
		error_prefix(wrong, "plugstack.conf: '%s'", word);
		*err = *wrong;
	}
}

int plugstack_args_parse(int argc, char *const argv[],
	struct plugstack_args *ret_args, struct error *err)
{
	struct plugstack_args args;
	struct error word;
	int i, wrong = 0;

	set_defaults(ret_args);
	set_defaults(&args);
	for (i = 0; i < argc; i++)
		if (parse_word(argv[i], &args, &word) < 0)
			add_wrong(argv[i], &word, wrong++, err);
	if (wrong > 0) {
		plugstack_args_free(&args);
		return -1;
	}
	*ret_args = args;
	return 0;
}

bool plugstack_args_mount_on_host(const struct plugstack_args *args)
{
	return args->users_choose_mount ||
	       settings_is(&args->defaults, SETTING_HOST_MOUNT, WORD_YES);
}

static int check_mount_mode(const struct plugstack_args *args,
	const struct settings *settings, struct error *err)
{
	const struct setting_value *asked =
		&settings->value[SETTING_HOST_MOUNT];

	if (!asked->is_set || args->users_choose_mount ||
		settings_is(&args->defaults, SETTING_HOST_MOUNT, asked->word))
		return 0;
	return error_set(err, 0,
		"--sif-host-mount=%s is not for users of this site to choose: "
		"leave it out, and unset %s, or ask the administrator for "
		"mount=%s in plugstack.conf",
		word_name(asked->word),
		setting_rule(SETTING_HOST_MOUNT)->variable,
		asked->word == WORD_YES ? "private,host" : "host,private");
}

static int check_binds_max(const struct plugstack_args *args,
	const struct settings *settings, struct error *err)
{
	size_t count = settings_binds(settings, SETTING_BIND)->count;

	if (count <= (size_t)args->binds_max)
		return 0;
	return error_set(err, 0,
		"--sif-bind: a step can have %d binds, and this one has %zu: "
		"bind directories above them, or ask the administrator for "
		"binds-max=%zu in plugstack.conf",
		args->binds_max, count, count);
}

int plugstack_args_check_users(const struct plugstack_args *args,
	const struct settings *settings, struct error *err)
{
	if (settings_check_denied(settings, args->denied, err) < 0)
		return -1;
	if (check_mount_mode(args, settings, err) < 0)
		return -1;
	return check_binds_max(args, settings, err);
}

void plugstack_args_free(struct plugstack_args *args)
{
	free(args->path);
	bind_list_free(&args->binds);
	settings_free(&args->defaults);
	*args = (struct plugstack_args){ .timeout_s = 0 };
}
