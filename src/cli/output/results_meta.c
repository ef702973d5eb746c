#include "cli/output/results_meta.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/jsontext.h"
#include "base/outcome.h"
#include "base/units.h"
#include "base/wallclock.h"
#include "cli/command/origin.h"

typedef void put_text(FILE *out, const char *text, size_t len);

/* ---- which task ---- */

static void put_input(FILE *out, const struct record *record, put_text *put)
{
	for (size_t i = 0; i < record->nitems; i++) {
		fputs(i == 0 ? "" : ", ", out);
		put(out, record->items[i].text, record->items[i].len);
	}
}

static void put_command(FILE *out, const char *const *argv, put_text *put)
{
	for (size_t i = 0; argv[i] != NULL; i++) {
		fputs(i == 0 ? "" : ", ", out);
		put(out, argv[i], strlen(argv[i]));
	}
}

static bool input_is_exact(const struct record *record)
{
	for (size_t i = 0; i < record->nitems; i++)
		if (!jsontext_is_exact(record->items[i].text, record->items[i].len))
			return false;
	return true;
}

static bool command_is_exact(const char *const *argv)
{
	for (; *argv != NULL; argv++)
		if (!jsontext_is_exact(*argv, strlen(*argv)))
			return false;
	return true;
}

void results_meta_task(FILE *out, const struct covey_task *task)
{
	static const struct record nothing = { .nitems = 0 };
	const struct origin *item = task->user;
	const struct record *record = item == NULL ? &nothing : &item->record;
	const char *name = item == NULL ? NULL : item->name;

	fprintf(out, "{\n  \"task\": %llu,\n  \"name\": ", (unsigned long long)origin_number(task));
	jsontext_put(out, name, name == NULL ? 0 : strlen(name));
	fputs(",\n  \"input\": [", out);
	put_input(out, record, jsontext_put);
	fputs("],\n  \"command\": [", out);
	put_command(out, task->argv, jsontext_put);
	fputs("],\n", out);
	if (!input_is_exact(record)) {
		fputs("  \"input_hex\": [", out);
		put_input(out, record, jsontext_put_hex);
		fputs("],\n", out);
	}
	if (!command_is_exact(task->argv)) {
		fputs("  \"command_hex\": [", out);
		put_command(out, task->argv, jsontext_put_hex);
		fputs("],\n", out);
	}
}

/* ---- what became of it ---- */

static void put_string(FILE *out, const char *key, const char *text)
{
	fprintf(out, "  \"%s\": ", key);
	jsontext_put(out, text, text == NULL ? 0 : strlen(text));
	fputs(",\n", out);
}

static void put_bool(FILE *out, const char *key, bool value)
{
	fprintf(out, "  \"%s\": %s,\n", key, value ? "true" : "false");
}

static void put_outcome(FILE *out, const struct covey_attempt *attempt)
{
	char error[OUTCOME_START_ERROR_SIZE];

	outcome_start_error(error, attempt);
	put_string(out, "outcome", covey_outcome_name(attempt->outcome));
	fprintf(out, "  \"status\": %d,\n", attempt->status);
	put_string(out, "signal", attempt->signal == 0 ? NULL : units_signal_name(attempt->signal));
	put_string(out, "error", attempt->outcome == COVEY_SPAWN ? error : NULL);
	put_string(out, "reason", attempt->reason);
	put_bool(out, "leaky", attempt->leaky);
	put_bool(out, "core_dumped", attempt->core_dumped);
	put_bool(out, "oom", attempt->oom);
}

void results_meta_end(FILE *out, const struct covey_event *event, uint64_t out_bytes,
    uint64_t err_bytes)
{
	const struct covey_attempt *attempt = event->attempt;
	double took = seconds_of(attempt->ended - attempt->started), now = wallclock_seconds();

	put_outcome(out, attempt);
	fprintf(out, "  \"attempts\": %u,\n  \"tries\": %u,\n", attempt->number, event->task->tries);
	fprintf(out, "  \"started\": %.6f,\n  \"ended\": %.6f,\n  \"seconds\": %.6f,\n", now - took, now,
	    took);
	fprintf(out,
	    "  \"user_seconds\": %.6f,\n  \"system_seconds\": %.6f,\n  \"max_rss_bytes\": %lld,\n",
	    seconds_of_timeval(&attempt->usage.ru_utime), seconds_of_timeval(&attempt->usage.ru_stime),
	    (long long)attempt->usage.ru_maxrss * 1024);
	fprintf(out, "  \"stdout_bytes\": %llu,\n  \"stderr_bytes\": %llu\n}\n",
	    (unsigned long long)out_bytes, (unsigned long long)err_bytes);
}
