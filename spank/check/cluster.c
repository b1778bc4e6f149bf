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
#include "spank/plugin/io/printable.h"

/* Each node once: name, state, one of its partitions and whether that is up, as
 * in "node1 idle main up" or "node2 down* main up". */
#define LIST_NODES                                             \
	"sinfo --all --noheader --Node --format='%N %t %R %a'" \
	" | sort -k 1,1 -k 4,4r | awk '!seen[$1]++'"

/*
 * On each: one line "NODE RESULT...", also where nothing is installed.  Of its
 * own srun, so that no node waits for another; on the host, whatever image the
 * caller's environment names.
 */
#define ASK                                                                 \
	"SPANK_SIF_IMAGE=none srun --quiet --input=none --nodes=1 "         \
	"--ntasks=1 --partition=%s --nodelist=%s --mem=16M --time=2 "       \
	"--immediate=60 sh -c "                                             \
	"'[ -x %s ] || exec echo \"$SLURMD_NODENAME failure: spank-sif is " \
	"not installed\"; %s --brief || :' 2>&1"

/* How many nodes are asked at once. */
#define BATCH 32

struct node {
	char name[256];
	char partition[256];
	FILE *answer;
};

static FILE *ask(const struct node *node)
{
	CLEANUP_FREE char *command = NULL;

	if (asprintf(&command, ASK, node->partition, node->name, CHECK_PATH,
		    CHECK_PATH) < 0)
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
		nodes[i].answer = ask(&nodes[i]);
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

/* False at the end of the list. */
static bool read_node(FILE *list, struct node *node, char state[64],
	char available[16])
{
	return list && fscanf(list, "%255s %63s %255s %15s", node->name, state,
			       node->partition, available) == 4;
}

int check_cluster(void)
{
	struct node nodes[BATCH] = { { .answer = NULL } };
	FILE *list = popen(LIST_NODES, "re");
	size_t count = 0, found = 0, asked = 0;
	char state[64], available[16];
	bool ok = true;

	/* In an allocation, srun would only ask its nodes. */
	unsetenv("SLURM_JOB_ID");
	unsetenv("SLURM_JOBID");
	for (; read_node(list, &nodes[count], state, available); found++) {
		if (!can_be_asked(state) || strcmp(available, "up") != 0) {
			printf("%s not asked: %s is %s\n", nodes[count].name,
				can_be_asked(state) ? "its partition"
						    : "its state",
				can_be_asked(state) ? available : state);
			continue;
		}
		asked++;
		if (++count == BATCH) {
			ok = print_answers(nodes, count) && ok;
			count = 0;
		}
	}
	if (list)
		pclose(list);
	ok = print_answers(nodes, count) && ok;
	if (found == 0)
		puts("sinfo lists no nodes: does slurmctld answer?");
	else if (asked == 0)
		puts("no node is idle or mixed: try again later");
	return ok && asked > 0 ? 0 : 1;
}
