/*
 * chain - the sources that the command line asks for, one on top of the other
 */
#ifndef CLI_INPUT_CHAIN_H
#define CLI_INPUT_CHAIN_H

#include "base/error.h"
#include "cli/input/header.h"
#include "cli/input/source.h"
#include "cli/options/options.h"

/*
 * Opens what the command line asks for. Sources but the first are read to their ends, which may
 * take time, and so is the header, whose names are added to *header; that must outlive the source
 * and is released by the caller. NULL with a message: something cannot be used.
 */
struct source *chain_open(const struct options *options, struct header *header,
    struct error *err);

#endif
