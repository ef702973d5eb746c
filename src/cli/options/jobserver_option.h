/*
 * jobserver_option - what --jobserver asks for
 */
#ifndef CLI_OPTIONS_JOBSERVER_OPTION_H
#define CLI_OPTIONS_JOBSERVER_OPTION_H

#include <stdbool.h>

#include "base/error.h"

struct jobserver_options {
	bool serve;
	bool fifo;        /* named by its path; else two descriptors that tasks inherit */
	unsigned n;       /* jobs in all; 0: as many as tasks at once */
};

enum { JOBSERVER_MOST = 4096 };   /* tokens, which any pipe has room for */

/* "N", "fifo" or "N,fifo"; NULL: nothing but the option. A parser as units.h has them. */
int jobserver_option_parse(const char *text, struct jobserver_options *options, struct error *err);

#endif
