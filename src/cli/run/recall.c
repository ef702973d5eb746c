#include "cli/run/recall.h"

#include <stdint.h>

#include "cli/options/options_parse.h"
#include "cli/xargs/xargs_begin.h"
#include "journal/journal_db.h"
#include "journal/journal_past.h"

static int inherit(struct options *options, const char *const *argv, struct error *err)
{
	struct options then;
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	if (xargs_recall(argc, (char *const *)(uintptr_t)argv, &then, err) != 0)
		return -1;
	return options_inherit(options, &then, err);
}

int recall_options(struct options *options, const char ***argv, struct error *err)
{
	struct journal_db db;
	struct error why;
	int result = -1;

	*argv = NULL;
	if (journal_db_read(&db, options->journal, err) != 0)
		return -1;
	*argv = past_argv(&db, &why);
	if (*argv != NULL)
		result = inherit(options, *argv, &why);
	if (result != 0)
		error_set(err, "cannot take up the last run in the journal '%s': %s",
		    options->journal, why.message);
	journal_db_close(&db);
	return result;
}
