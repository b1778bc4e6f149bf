/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * --cluster: the check on every node that can be asked now.  A node without the
 * plugin runs commands on the host, which no user notices; here it answers that
 * it has no spank-sif-check.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "spank/check/check.h"

/* Nodes by name, with their state, such as "node1 idle" or "node2 down*". */
#define LIST_NODES "sinfo --noheader --Node --format='%N %t' | sort -u"

/* On each: one line "NODE RESULT...", also where nothing is installed. */
#define ASK                                                           \
	"srun --nodes=%zu --nodelist=%s --ntasks-per-node=1 --mem=0 " \
	"--overcommit --kill-on-bad-exit=0 --wait=0 sh -c "           \
	"'if [ -x %s ]; then exec %s --brief; fi; "                   \
	"echo \"$SLURMD_NODENAME failure: spank-sif is not installed\"'"

struct nodes {
	char *names; /* of those to ask, with commas; owned */
	size_t count;
	size_t heard;
	bool failed;
};

static void add_node(struct nodes *nodes, const char *name)
{
	char *names = NULL;

	if (asprintf(&names, "%s%s%s", nodes->names ? nodes->names : "",
		    nodes->names ? "," : "", name) < 0)
		return;
	free(nodes->names);
	nodes->names = names;
	nodes->count++;
}

static void list_nodes(struct nodes *nodes)
{
	FILE *list = popen(LIST_NODES, "re");
	char name[256], state[64];

	while (list && fscanf(list, "%255s %63s", name, state) == 2)
		if (strcmp(state, "idle") == 0 || strcmp(state, "mix") == 0)
			add_node(nodes, name);
		else
			printf("%s not asked: its state is %s\n", name, state);
	if (list)
		pclose(list);
	fflush(stdout);
}

static void ask_nodes(struct nodes *nodes)
{
	CLEANUP_FREE char *command = NULL;
	char line[2048];
	FILE *answers;

	if (asprintf(&command, ASK, nodes->count, nodes->names, CHECK_PATH,
		    CHECK_PATH) < 0)
		return;
	answers = popen(command, "re");
	while (answers && fgets(line, sizeof(line), answers)) {
		fputs(line, stdout);
		nodes->heard++;
		if (strstr(line, " failure: "))
			nodes->failed = true;
	}
	if (answers)
		pclose(answers);
}

int check_cluster(void)
{
	struct nodes nodes = { .names = NULL };

	list_nodes(&nodes);
	if (nodes.count == 0) {
		puts("no node is idle or mixed: try again later");
		return 1;
	}
	ask_nodes(&nodes);
	if (nodes.heard < nodes.count)
		printf("%zu of %zu nodes did not answer\n",
			nodes.count - nodes.heard, nodes.count);
	free(nodes.names);
	return nodes.failed || nodes.heard < nodes.count;
}
