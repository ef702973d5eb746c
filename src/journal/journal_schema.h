/*
 * journal_schema - the tables of a journal, and how older journals are converted
 *
 * doc/covey-journal.5 describes the tables to users. A change is a new step at the end; a released
 * step is never changed.
 */
#ifndef JOURNAL_JOURNAL_SCHEMA_H
#define JOURNAL_JOURNAL_SCHEMA_H

/* PRAGMA application_id, which tells a journal from other SQLite files: "covy". */
#define JOURNAL_APPLICATION_ID 0x636f7679

/* The format that this covey writes (PRAGMA user_version): the number of steps. */
int journal_schema_version(void);

/* Statements that convert a journal of this version to the next one; 0: an empty file. */
const char *journal_schema_step(int version);

#endif
