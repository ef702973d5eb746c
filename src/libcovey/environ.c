#include "environ.h"

#include <bsd/stdlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

/* At most: COVEY_RUN, _TASK, _ATTEMPT, _TRIES, _SLOT, _REASON, and the variable slot_var. */
#define NEXPORTS 7

/* What the strings of struct cv_environ begin with that have a number after it. */
#define TASK "COVEY_TASK="
#define ATTEMPT "COVEY_ATTEMPT="
#define TRIES "COVEY_TRIES="
#define SLOT "COVEY_SLOT="

static bool is_named(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* Is the variable left out, since the exports have one of that name? */
static bool is_replaced(const char *entry, const struct cv_environ_exports *exports)
{
	return (!exports->keep_outer && strncmp(entry, "COVEY_", strlen("COVEY_")) == 0)
	    || (exports->slot_var != NULL && is_named(entry, exports->slot_var));
}

static int copy_base(struct cv_environ *environment, const char *const *base,
    const struct cv_environ_exports *exports)
{
	size_t n = 0, bytes = 1, i;
	char *at;

	while (base[n] != NULL)
		bytes += strlen(base[n++]) + 1;
	environment->envp = reallocarray(NULL, n + NEXPORTS + 1, sizeof(char *));
	environment->block = at = malloc(bytes);
	if (environment->envp == NULL || at == NULL)
		return -1;
	environment->n = NEXPORTS;
	for (i = 0; i < n; i++) {
		size_t len = strlen(base[i]) + 1;

		if (is_replaced(base[i], exports))
			continue;
		environment->envp[environment->n++] = memcpy(at, base[i], len);
		at += len;
	}
	environment->envp[environment->n] = NULL;
	return 0;
}

static int make_reason(struct cv_environ *environment, const char *reason_dir)
{
	int n = asprintf(&environment->reason, "COVEY_REASON=%s/%*s", reason_dir,
	    CV_NUMBER_SIZE, "");

	if (n < 0) {
		environment->reason = NULL;
		return -1;
	}
	environment->reason_slot = environment->reason + n - CV_NUMBER_SIZE;
	return 0;
}

/* The exported variables end where the base begins, however many there are. */
static void export(struct cv_environ *environment, const char *entry)
{
	environment->envp[NEXPORTS - ++environment->nexports] = entry;
}

static int export_run(struct cv_environ *environment, const struct cv_environ_exports *exports)
{
	if (asprintf(&environment->run, "COVEY_RUN=%s", exports->run_id) < 0) {
		environment->run = NULL;
		return -1;
	}
	export(environment, environment->run);
	export(environment, memcpy(environment->task, TASK, sizeof TASK));
	export(environment, memcpy(environment->attempt, ATTEMPT, sizeof ATTEMPT));
	export(environment, memcpy(environment->tries, TRIES, sizeof TRIES));
	export(environment, memcpy(environment->slot, SLOT, sizeof SLOT));
	if (exports->reason_dir == NULL)
		return 0;
	if (make_reason(environment, exports->reason_dir) != 0)
		return -1;
	export(environment, environment->reason);
	return 0;
}

static int export_slot(struct cv_environ *environment, const char *name)
{
	int n = asprintf(&environment->slot_from_0, "%s=%*s", name, CV_NUMBER_SIZE, "");

	if (n < 0) {
		environment->slot_from_0 = NULL;
		return -1;
	}
	environment->slot_from_0_number = environment->slot_from_0 + n - CV_NUMBER_SIZE;
	export(environment, environment->slot_from_0);
	return 0;
}

static const char *value_in(const char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp != NULL; envp++) {
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	}
	return NULL;
}

int cv_environ_init(struct cv_environ *environment, const char *const *base,
    const struct cv_environ_exports *exports)
{
	memset(environment, 0, sizeof *environment);
	if (copy_base(environment, base, exports) != 0
	    || (exports->run_id != NULL && export_run(environment, exports) != 0)
	    || (exports->slot_var != NULL && export_slot(environment, exports->slot_var) != 0)) {
		cv_environ_release(environment);
		return -1;
	}
	environment->base_search = value_in(environment->envp + NEXPORTS, "PATH");
	environment->search = environment->base_search;
	return 0;
}

void cv_environ_release(struct cv_environ *environment)
{
	free(environment->envp);
	free(environment->block);
	free(environment->run);
	free(environment->reason);
	free(environment->slot_from_0);
	free(environment->merged);
	memset(environment, 0, sizeof *environment);
}

/* Numbers of tasks mostly follow each other, and then nine of ten differ in the last digit only. */
static void put_task(struct cv_environ *environment, uint64_t task)
{
	char *at = environment->task + strlen(TASK);

	if (task == environment->written.task + 1 && environment->task_end != NULL
	    && *environment->task_end != '9')
		++*environment->task_end;
	else
		environment->task_end = cv_number_put(at, task) - 1;
}

/* Most values are the same as in the attempt before. */
static void put_values(struct cv_environ *environment, const struct cv_environ_values *values)
{
	const struct cv_environ_values *written = &environment->written;

	if (values->task != written->task)
		put_task(environment, values->task);
	if (values->attempt != written->attempt)
		cv_number_put(environment->attempt + strlen(ATTEMPT), values->attempt);
	if (values->tries != written->tries)
		cv_number_put(environment->tries + strlen(TRIES), values->tries);
	if (values->slot != written->slot) {
		cv_number_put(environment->slot + strlen(SLOT), values->slot);
		if (environment->reason != NULL)
			cv_number_put(environment->reason_slot, values->slot);
		if (environment->slot_from_0 != NULL)
			cv_number_put(environment->slot_from_0_number, values->slot - 1);
	}
	environment->written = *values;
}

/* Removes the variable that change names from the n at envp; returns how many are left. */
static size_t drop(const char **envp, size_t n, const char *change)
{
	size_t len = strcspn(change, "="), i, kept = 0;

	for (i = 0; i < n; i++) {
		if (strncmp(envp[i], change, len) != 0 || envp[i][len] != '=')
			envp[kept++] = envp[i];
	}
	return kept;
}

static const char *const *merge(struct cv_environ *environment, const char *const *all, size_t n,
    const char *const *changes)
{
	size_t extra = 0;
	const char **merged;

	while (changes[extra] != NULL)
		extra++;
	merged = reallocarray(environment->merged, n + extra + 1, sizeof *merged);
	if (merged == NULL)
		return NULL;
	environment->merged = merged;
	memcpy(merged, all, n * sizeof *merged);
	for (; *changes != NULL; changes++) {
		n = drop(merged, n, *changes);
		if (strchr(*changes, '=') != NULL)
			merged[n++] = *changes;
	}
	merged[n] = NULL;
	environment->search = value_in(merged, "PATH");
	return merged;
}

const char *const *cv_environ_for(struct cv_environ *environment,
    const struct cv_environ_values *values, const char *const *changes)
{
	const char *const *all = environment->envp + NEXPORTS - environment->nexports;
	size_t n = environment->n - NEXPORTS + environment->nexports;

	if (environment->nexports > 0)
		put_values(environment, values);
	if (changes != NULL)
		return merge(environment, all, n, changes);
	if (environment->merged != NULL) {
		free(environment->merged);
		environment->merged = NULL;
		environment->search = environment->base_search;
	}
	return all;
}

const char *cv_environ_base_search(const struct cv_environ *environment)
{
	return environment->base_search;
}

const char *cv_environ_search(const struct cv_environ *environment)
{
	return environment->search;
}
