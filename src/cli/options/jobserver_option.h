/*
 * jobserver_option - the argument of --jobserver
 */
#ifndef CLI_OPTIONS_JOBSERVER_OPTION_H
#define CLI_OPTIONS_JOBSERVER_OPTION_H

#include <stdbool.h>

#include "base/error.h"

struct jobserver_options {
	bool serve;
	bool fifo;        /* tasks get the path of a FIFO, not two descriptors */
	unsigned n;       /* all jobs; 0: as many as tasks at once */
};

enum { JOBSERVER_MOST = 4096 };   /* any pipe has room for so many tokens */

/* "N", "fifo" or "N,fifo"; NULL: the option has no argument. A parser as in units.h. */
int jobserver_option_parse(const char *text, struct jobserver_options *options, struct error *err);

#endif
