/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --cluster: the check on every node that can be asked now.  A node without the
 * plugin runs commands on the host, which no user notices; here it answers that
 * it has no spank-sif-check.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/check/check.h"
#include "spank/plugin/io/printable.h"

/* Nodes by name, with their state, such as "node1 idle" or "node2 down*". */
#define LIST_NODES "sinfo --noheader --Node --format='%N %t' | sort -u"

/*
 * On each: one line "NODE RESULT...", also where nothing is installed.  Of its
 * own srun, so that no node waits for another; on the host, whatever image the
 * caller's environment names.
 */
#define ASK                                                                 \
	"SPANK_SIF_IMAGE=none srun --quiet --input=none --nodes=1 "         \
	"--ntasks=1 --nodelist=%s --mem=16M --immediate=60 sh -c "          \
	"'[ -x %s ] || exec echo \"$SLURMD_NODENAME failure: spank-sif is " \
	"not installed\"; %s --brief || :' 2>&1"

/* How many nodes are asked at once. */
#define BATCH 32

struct node {
	char name[256];
	FILE *answer;
};

static FILE *ask(const char *node)
{
	CLEANUP_FREE char *command = NULL;

	if (asprintf(&command, ASK, node, CHECK_PATH, CHECK_PATH) < 0)
		return NULL;
	return popen(command, "re");
}

/* Print what srun says; true if that is the node's own line, and "ok".  A node
 * may send anything, which must not reach a terminal as it is. */
static bool print_answer(struct node *node)
{
	char line[2048], text[4 * sizeof(line)];
	bool answered = false, ok = false;

	while (node->answer && fgets(line, sizeof(line), node->answer)) {
		if (strncmp(line, node->name, strlen(node->name)) == 0) {
			answered = true;
			ok = strstr(line, " ok\n");
		}
		line[strcspn(line, "\n")] = '\0';
		puts(printable(line, text, sizeof(text)));
	}
	if (node->answer)
		pclose(node->answer);
	if (!answered)
		printf("%s failure: it does not answer\n", node->name);
	return ok;
}

static bool print_answers(struct node *nodes, size_t count)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < count; i++)
		nodes[i].answer = ask(nodes[i].name);
	for (i = 0; i < count; i++)
		ok = print_answer(&nodes[i]) && ok;
	return ok;
}

/* Idle or mixed; also if the scheduler plans a job there, which srun may
 * overtake. */
static bool can_be_asked(const char *state)
{
	static const char *const states[] = { "idle", "mix", "idle-", "mix-",
		"plnd" };
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strcmp(state, states[i]) == 0)
			return true;
	return false;
}

int check_cluster(void)
{
	struct node nodes[BATCH] = { { .answer = NULL } };
	FILE *list = popen(LIST_NODES, "re");
	size_t count = 0, asked = 0;
	char name[256], state[64];
	bool ok = true;

	while (list && fscanf(list, "%255s %63s", name, state) == 2) {
		if (!can_be_asked(state)) {
			printf("%s not asked: its state is %s\n", name, state);
			continue;
		}
		snprintf(nodes[count].name, sizeof(nodes[count].name), "%s",
			name);
		asked++;
		if (++count == BATCH) {
			ok = print_answers(nodes, count) && ok;
			count = 0;
		}
	}
	if (list)
		pclose(list);
	ok = print_answers(nodes, count) && ok;
	if (asked == 0)
		puts("no node is idle or mixed: try again later");
	return ok && asked > 0 ? 0 : 1;
}
