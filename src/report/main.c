/*
 * covey-report - prints what a journal says about runs
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "covey.h"
#include "base/units.h"
#include "report/report.h"

/* The same as covey's where covey has them. */
enum { STATUS_CLEAN = 0, STATUS_USAGE = 2, STATUS_NOT_CLEAN = 123, STATUS_BROKEN = 125 };

static const char usage[] =
    "usage: covey-report [OPTION]... FILE\n"
    "\n"
    "Report on the last run in FILE, a journal that covey --journal has written.\n"
    "\n"
    "  --run N      report on run N\n"
    "  --list       print the head of each run\n"
    "  --flaky      print how often commands failed and then succeeded, in all runs\n"
    "  --failed0    print only the inputs of tasks that have not succeeded, with a NUL\n"
    "               after each\n"
    "  -h, --help   print this help and exit\n"
    "  --version    print the version and exit\n"
    "\n"
    "Exit status: 0 if the run has ended and every task succeeded, else 123; 2 for\n"
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

/* What may be combined. Returns the exit status, or -1 to continue. */
static int check(struct request *request, int npaths, char *paths[])
{
	struct error err;

	if (request->run > 0 && (request->form == FORM_LIST || request->form == FORM_FLAKY))
		error_set(&err, "option '--run' cannot be used with '%s', which is about all runs",
		    request->form == FORM_LIST ? "--list" : "--flaky");
	else if (npaths == 0)
		error_set(&err, "no journal given; see covey-report --help");
	else if (npaths > 1)
		error_set(&err, "more than one journal given");
	else {
		request->path = paths[0];
		return -1;
	}
	return complain(&err, STATUS_USAGE);
}

/* Returns the exit status, or -1 to continue. */
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
	return check(request, argc - optind, argv + optind);
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
