#include "cli/run/run_trouble.h"

#include <signal.h>

/* A reader that went away ends everything quietly, as it ends any filter. */
static void die_of_sigpipe(struct run *run)
{
	if (run->verdict.broken)
		return;
	run->verdict.broken = true;
	run->sig = SIGPIPE;
	covey_cancel(run->ex, COVEY_CANCEL_KILL);
}

/* covey cannot show what tasks print: nothing that still runs is of use. */
static void stop_everything(struct run *run, const char *what)
{
	if (!run->verdict.broken)
		run_complain(run, "%s", what);
	run->verdict.broken = true;
	covey_cancel(run->ex, COVEY_CANCEL_STOP);
}

/* What runs may go on, and is shown; but nobody would know of what is started after it. */
static void start_no_more(struct run *run, const char *what)
{
	run_complain(run, "%s%s", what,
	    run->concluding ? "" : "; what runs may finish, and no more is started");
	run->verdict.broken = true;
	covey_cancel(run->ex, COVEY_CANCEL_WAITING);
}

/*
 * Nobody can be told. The failures that standard error had to show are not shown, but what is
 * printed to standard output and recorded is of use still.
 */
static void go_on_unheard(struct run *run)
{
	run->verdict.broken = true;
}

void run_react(struct run *run)
{
	enum trouble_kind kind;
	const char *what;

	while (trouble_take(&run->trouble, &kind, &what)) {
		switch (kind) {
		case TROUBLE_READER:
			die_of_sigpipe(run);
			break;
		case TROUBLE_OUTPUT:
			stop_everything(run, what);
			break;
		case TROUBLE_MESSAGES:
			go_on_unheard(run);
			break;
		case TROUBLE_RECORDS:
		case TROUBLE_RESULTS:
			start_no_more(run, what);
			break;
		case TROUBLE_NKINDS:
			break;
		}
	}
}
