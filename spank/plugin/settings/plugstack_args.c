/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The plugin's arguments in plugstack.conf: NAME=VALUE words.  Slurm splits the
 * line at white space and knows no quotes, so a value has neither.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/plugin/settings/admin_variables.h"
#include "spank/plugin/settings/list.h"
#include "spank/plugin/settings/plugstack_args.h"

static int parse_seconds(const char *value, int *ret_seconds, struct error *err)
{
	char *end;
	long seconds;

	errno = 0;
	seconds = strtol(value, &end, 10);
	if (errno || end == value || *end || seconds < 1 ||
		seconds > PLUGSTACK_TIMEOUT_MAX_S)
		return error_set(err, 0,
			"it is not a whole number of seconds from 1 to %d",
			PLUGSTACK_TIMEOUT_MAX_S);
	*ret_seconds = seconds;
	return 0;
}

static int parse_number(const char *value, int max, int *ret_number,
	struct error *err)
{
	char *end;
	long number;

	errno = 0;
	number = strtol(value, &end, 10);
	if (errno || end == value || *end || number < 1 || number > max)
		return error_set(err, 0,
			"it is not a whole number from 1 to %d", max);
	*ret_number = number;
	return 0;
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

static int parse_path(const char *value, struct plugstack_args *args,
	struct error *err)
{
	CLEANUP_FREE char *checked = strdup(value);
	char *copy = strdup(value);

	if (!checked || !copy) {
		free(copy);
		return error_set(err, 0, "cannot allocate memory");
	}
	free(args->path);
	args->path = copy;
	return check_directories(checked, err);
}

static int check_bind(const struct bind_spec *spec, struct error *err)
{
	return admin_variables_check(spec->source, err) < 0 ||
			       admin_variables_check(spec->target, err) < 0
		       ? -1
		       : 0;
}

static int parse_bind(const char *value, struct plugstack_args *args,
	struct error *err)
{
	struct bind_list more, *binds = &args->binds;
	struct bind_spec *list;
	size_t i;

	if (bind_list_parse(value, BIND_SPEC_ADMIN, &more, err) < 0)
		return -1;
	for (i = 0; i < more.count; i++)
		if (check_bind(&more.items[i], err) < 0) {
			bind_list_free(&more);
			return -1;
		}
	list = realloc(binds->items,
		(binds->count + more.count + 1) * sizeof(*list));
	if (!list) {
		bind_list_free(&more);
		return error_set(err, 0, "cannot allocate memory");
	}
	if (more.count > 0)
		memcpy(list + binds->count, more.items,
			more.count * sizeof(*list));
	binds->items = list;
	binds->count += more.count;
	free(more.items);
	return 0;
}

static int parse_deny(const char *value, struct plugstack_args *args,
	struct error *err)
{
	CLEANUP_FREE char *copy = strdup(value);
	char *rest = copy, *name;
	enum setting setting;

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

static int parse_privilege(const char *value, struct plugstack_args *args,
	struct error *err)
{
	args->userns = strcmp(value, "userns") == 0;
	if (!args->userns && strcmp(value, "root") != 0)
		return error_set(err, 0, "it is neither root nor userns");
	return 0;
}

static int parse_uring(const char *value, struct plugstack_args *args,
	struct error *err)
{
	args->use_uring = strcmp(value, "auto") == 0;
	if (!args->use_uring && strcmp(value, "no") != 0)
		return error_set(err, 0, "it is neither auto nor no");
	return 0;
}

static int parse_overlay(const char *value, struct plugstack_args *args,
	struct error *err)
{
	args->refuse_overlays = strcmp(value, "refuse") == 0;
	if (!args->refuse_overlays && strcmp(value, "ignore") != 0)
		return error_set(err, 0, "it is neither ignore nor refuse");
	return 0;
}

static int parse_log(const char *value, struct plugstack_args *args,
	struct error *err)
{
	args->log_steps = strcmp(value, "yes") == 0;
	if (!args->log_steps && strcmp(value, "no") != 0)
		return error_set(err, 0, "it is neither yes nor no");
	return 0;
}

/* The first word is the default, a second one what users may choose instead. */
struct mount_mode {
	const char *words;
	const char *host_mount;
	bool is_free;
};

/* NULL for any other value: the name is also that of a default for
 * --sif-mount=IMAGE:DST, whose values have a colon. */
static const struct mount_mode *find_mount_mode(const char *value)
{
	static const struct mount_mode modes[] = {
		{ "private", "no", false },
		{ "host", "yes", false },
		{ "private,host", "no", true },
		{ "host,private", "yes", true },
	};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(value, modes[i].words) == 0)
			return &modes[i];
	return NULL;
}

static int take_mount_mode(const struct mount_mode *mode,
	struct plugstack_args *args, struct error *err)
{
	args->users_choose_mount = mode->is_free;
	return settings_put(&args->defaults, SETTING_HOST_MOUNT,
		mode->host_mount, err);
}

/* Where it is no word that settings_check.c knows. */
static int check_directory(const char *value, struct error *err)
{
	return strpbrk(value, "$~") ? admin_variables_check(value, err) : 0;
}

static int parse_default(const char *word, struct plugstack_args *args,
	struct error *err)
{
	size_t length = strcspn(word, "=");
	enum setting setting = setting_find(word, length);

	if (!word[length] || setting == SETTINGS_COUNT ||
		setting_rule(setting)->user_only)
		return error_set(err, 0,
			"there is no such argument (there are: timeout=, "
			"cache=, threads=, path=, bind=, binds-max=, deny=, "
			"privilege=, mount=, uring=, overlay-partition=, log=, "
			"and defaults such as home=no, see spank_sif(8))");
	if (settings_put(&args->defaults, setting, word + length + 1, err) < 0)
		return -1;
	return setting == SETTING_HOME || setting == SETTING_WORKDIR
		       ? check_directory(word + length + 1, err)
		       : 0;
}

/* The value if the word is NAME=VALUE, NULL if it is not. */
static const char *value_of(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && word[length] == '='
		       ? word + length + 1
		       : NULL;
}

static int parse_word(const char *word, struct plugstack_args *args,
	struct error *err)
{
	const struct mount_mode *mode;
	const char *value;

	if ((value = value_of(word, "timeout")))
		return parse_seconds(value, &args->timeout_s, err);
	if ((value = value_of(word, "cache")))
		return parse_number(value, PLUGSTACK_CACHE_MAX_MIB,
			&args->cache_mib, err);
	if ((value = value_of(word, "threads")))
		return parse_number(value, PLUGSTACK_THREADS_MAX,
			&args->threads, err);
	if ((value = value_of(word, "path")))
		return parse_path(value, args, err);
	if ((value = value_of(word, "binds-max")))
		return parse_number(value, PLUGSTACK_BINDS_MAX,
			&args->binds_max, err);
	if ((value = value_of(word, "bind")))
		return parse_bind(value, args, err);
	if ((value = value_of(word, "deny")))
		return parse_deny(value, args, err);
	if ((value = value_of(word, "privilege")))
		return parse_privilege(value, args, err);
	if ((value = value_of(word, "uring")))
		return parse_uring(value, args, err);
	if ((value = value_of(word, "overlay-partition")))
		return parse_overlay(value, args, err);
	if ((value = value_of(word, "log")))
		return parse_log(value, args, err);
	if ((value = value_of(word, "mount")) &&
		(mode = find_mount_mode(value)))
		return take_mount_mode(mode, args, err);
	return parse_default(word, args, err);
}

/* To the sentence about those before it. */
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
	const struct plugstack_args defaults = {
		.timeout_s = PLUGSTACK_TIMEOUT_DEFAULT_S,
		.cache_mib = PLUGSTACK_CACHE_DEFAULT_MIB,
		.binds_max = PLUGSTACK_BINDS_DEFAULT,
		.use_uring = true,
		.log_steps = true,
	};
	struct plugstack_args args = defaults;
	struct error word;
	int i, wrong = 0;

	*ret_args = defaults;
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

static int check_mount(const struct plugstack_args *args,
	const struct settings *settings, struct error *err)
{
	const char *asked = settings->value[SETTING_HOST_MOUNT];

	if (!asked || args->users_choose_mount ||
		settings_is(&args->defaults, SETTING_HOST_MOUNT, asked))
		return 0;
	return error_set(err, 0,
		"--sif-host-mount=%s is not for users of this site to choose: "
		"leave it out, and unset %s, or ask the administrator for "
		"mount=%s in plugstack.conf",
		asked, setting_rule(SETTING_HOST_MOUNT)->variable,
		strcmp(asked, "yes") == 0 ? "private,host" : "host,private");
}

static int check_count(const struct plugstack_args *args,
	const struct settings *settings, struct error *err)
{
	struct bind_list specs;
	size_t count;

	if (bind_list_parse(settings_get(settings, SETTING_BIND),
		    BIND_SPEC_USER, &specs, err) < 0)
		return error_prefix(err, "--sif-bind");
	count = specs.count;
	bind_list_free(&specs);
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
	if (check_mount(args, settings, err) < 0)
		return -1;
	return check_count(args, settings, err);
}

void plugstack_args_free(struct plugstack_args *args)
{
	free(args->path);
	bind_list_free(&args->binds);
	settings_free(&args->defaults);
	*args = (struct plugstack_args){ .timeout_s = 0 };
}
