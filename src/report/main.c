/*
 * covey-report - what a journal has to say
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covey.h"
#include "base/units.h"
#include "report/report.h"

/* As covey's own, where it has them. */
enum { STATUS_CLEAN = 0, STATUS_USAGE = 2, STATUS_NOT_CLEAN = 123, STATUS_BROKEN = 125 };

static const char usage[] =
    "usage: covey-report [OPTION]... FILE\n"
    "\n"
    "Print what the journal FILE, which covey --journal has written, says about its\n"
    "last run.\n"
    "\n"
    "  --run N      about run N\n"
    "  --list       a line for each run\n"
    "  --flaky      how often commands have failed and then succeeded, over all runs\n"
    "  --failed0    only the inputs of tasks that have not succeeded, NUL-terminated\n"
    "  -h, --help   print this help and exit\n"
    "  --version    print the version and exit\n"
    "\n"
    "Exit status: 0 if the run has ended and every task succeeded, 123 if not, 2 for\n"
    "wrong usage and for a file that is not a journal, 125 for other errors.\n"
    "\n"
    "See covey-report(1).\n";

enum form { FORM_RUN, FORM_LIST, FORM_FLAKY, FORM_FAILED0 };

struct request {
	enum form form;
	long long run;
	const char *path;
};

static int complain(const struct error *err, int status)
{
	fprintf(stderr, "covey-report: %s\n", err->message);
	return status;
}

/* Returns the status to exit with, or -1: go on. */
static int parse(int argc, char *argv[], struct request *request)
{
	static const struct option options[] = {
		{ "run", required_argument, NULL, 'r' }, { "list", no_argument, NULL, 'l' },
		{ "flaky", no_argument, NULL, 'f' }, { "failed0", no_argument, NULL, '0' },
		{ "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	struct error err, why;
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			if (units_number(optarg, 1, INT64_MAX, &request->run, &why) == 0)
				break;
			error_set(&err, "option '--run': %s", why.message);
			return complain(&err, STATUS_USAGE);
		case 'l':
			request->form = FORM_LIST;
			break;
		case 'f':
			request->form = FORM_FLAKY;
			break;
		case '0':
			request->form = FORM_FAILED0;
			break;
		case 'h':
			fputs(usage, stdout);
			return STATUS_CLEAN;
		case 'v':
			printf("covey-report %s\n", covey_version());
			return STATUS_CLEAN;
		default:
			return STATUS_USAGE;
		}
	}
	if (request->run > 0 && (request->form == FORM_LIST || request->form == FORM_FLAKY)) {
		error_set(&err, "option '--run' has no meaning with '%s', which is about all runs",
		    request->form == FORM_LIST ? "--list" : "--flaky");
		return complain(&err, STATUS_USAGE);
	}
	if (argc - optind == 1) {
		request->path = argv[optind];
		return -1;
	}
	error_set(&err, argc == optind ? "name a journal; see covey-report --help"
	    : "one journal at a time");
	return complain(&err, STATUS_USAGE);
}

static int print(const struct request *request, const struct journal_db *db,
    struct report_verdict *verdict, struct error *err)
{
	switch (request->form) {
	case FORM_RUN:
		return report_run(db, request->run, verdict, err);
	case FORM_LIST:
		return report_list(db, verdict, err);
	case FORM_FLAKY:
		return report_flaky(db, verdict, err);
	case FORM_FAILED0:
		return report_failed0(db, request->run, verdict, err);
	}
	return 0;
}

static int report(const struct request *request)
{
	struct report_verdict verdict = { .found = false };
	struct journal_db db;
	struct error err;
	int result;

	if (journal_db_read(&db, request->path, &err) != 0)
		return complain(&err, STATUS_USAGE);
	result = print(request, &db, &verdict, &err);
	journal_db_close(&db);
	if (result != 0)
		return complain(&err, STATUS_BROKEN);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		error_set(&err, "cannot write to standard output: %s", strerror(errno));
		return complain(&err, STATUS_BROKEN);
	}
	if (verdict.found)
		return verdict.clean ? STATUS_CLEAN : STATUS_NOT_CLEAN;
	if (request->run > 0)
		error_set(&err, "the journal '%s' has no run %lld", request->path, request->run);
	else
		error_set(&err, "the journal '%s' has no run", request->path);
	return complain(&err, STATUS_USAGE);
}

int main(int argc, char *argv[])
{
	struct request request = { .form = FORM_RUN };
	int status = parse(argc, argv, &request);

	return status >= 0 ? status : report(&request);
}
