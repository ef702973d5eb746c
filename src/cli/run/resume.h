/*
 * resume - which run of the journal is continued
 */
#ifndef CLI_RUN_RESUME_H
#define CLI_RUN_RESUME_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/options/options.h"
#include "journal/journal_db.h"
#include "journal/journal_past.h"

/* All zero: no run is continued. */
struct resume {
	const struct options *options;
	const struct journal_db *db;
	char *template;             /* of resume_template */
	size_t template_len;
	struct past *past;          /* the tasks of the run that is continued, or NULL */
	int64_t series;             /* which it belongs to, or 0 */
	char *introduction;         /* which run that is, and what is left out of it; or NULL */
};

/*
 * What the tasks are made by: where that is the same, so are tasks of the same input. Returns 0, or
 * -1: out of memory.
 */
int resume_template(struct resume *r);

/* Fills in what follows the template. Returns 0, or -1 with a message. */
int resume_find(struct resume *r, struct error *err);
void resume_release(struct resume *r);

#endif
