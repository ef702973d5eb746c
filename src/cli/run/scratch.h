/*
 * scratch - a directory for the files into which tasks write why they failed
 */
#ifndef CLI_RUN_SCRATCH_H
#define CLI_RUN_SCRATCH_H

/*
 * Makes a directory in $TMPDIR (or /tmp). The caller frees its path. NULL where none can be made:
 * then tasks have no COVEY_REASON, and everything else works.
 */
char *scratch_make(void);

/* Removes the directory and the files in it; NULL is allowed. */
void scratch_remove(const char *path);

#endif
