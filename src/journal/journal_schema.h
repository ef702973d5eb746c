/*
 * journal_schema - the tables of a journal, and how older ones become those
 *
 * doc/covey-journal.5 describes them to users. A change is a new step at the end; a step that has
 * been released is never changed.
 */
#ifndef JOURNAL_JOURNAL_SCHEMA_H
#define JOURNAL_JOURNAL_SCHEMA_H

/* What tells a journal from other SQLite files (PRAGMA application_id): "covy". */
#define JOURNAL_APPLICATION_ID 0x636f7679

/* How many steps there are: the version that this covey writes (PRAGMA user_version). */
int journal_schema_version(void);

/* The statements that make a journal of version + 1 from one of that version; 0: from nothing. */
const char *journal_schema_step(int version);

#endif
