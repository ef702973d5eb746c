#include "journal/journal_schema.h"

#include <stddef.h>

/*
 * Rowids are given out by the writer, of which there is one at a time, so that a run's tasks and
 * attempts stand together. An index would cost a page for each transaction, or for each task where
 * it is by content: that is why there is none (any more), and why a task has the id of its last
 * attempt, and its duration.
 */
static const char first[] =
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY,"
    " series INTEGER NOT NULL,"
    " recovery TEXT,"
    " uid TEXT NOT NULL,"
    " started REAL NOT NULL,"
    " ended REAL,"
    " argv BLOB NOT NULL,"
    " command TEXT NOT NULL,"
    " template BLOB NOT NULL,"
    " cwd,"
    " host TEXT,"
    " version TEXT NOT NULL,"
    " pid INTEGER NOT NULL,"
    " input_read INTEGER,"
    " status INTEGER,"
    " signal INTEGER,"
    " succeeded INTEGER,"
    " failed INTEGER,"
    " not_started INTEGER,"
    " skipped_succeeded INTEGER,"
    " skipped_failed INTEGER"
    ");"
    "CREATE TABLE task ("
    " id INTEGER PRIMARY KEY,"
    " run INTEGER NOT NULL REFERENCES run,"
    " number INTEGER NOT NULL,"
    " series INTEGER NOT NULL,"
    " key BLOB NOT NULL,"
    " occurrence INTEGER NOT NULL,"
    " name TEXT,"
    " argv BLOB NOT NULL,"
    " command TEXT NOT NULL,"
    " input,"
    " cwd,"
    " env BLOB,"
    " stdin_file,"
    " stdin BLOB,"
    " timeout REAL,"
    " tries INTEGER,"
    " outcome TEXT,"
    " attempts INTEGER,"
    " last_attempt INTEGER REFERENCES attempt,"
    " duration REAL"
    ");"
    "CREATE INDEX task_key ON task (key, series, occurrence);"
    "CREATE TABLE attempt ("
    " id INTEGER PRIMARY KEY,"
    " task INTEGER NOT NULL REFERENCES task,"
    " number INTEGER NOT NULL,"
    " slot INTEGER NOT NULL,"
    " pid INTEGER,"
    " started REAL NOT NULL,"
    " ended REAL,"
    " duration REAL,"
    " outcome TEXT,"
    " status INTEGER,"
    " signal INTEGER,"
    " error TEXT,"
    " cpu_user REAL,"
    " cpu_system REAL,"
    " max_rss INTEGER,"
    " stdout_bytes INTEGER,"
    " stderr_bytes INTEGER,"
    " stderr_tail,"
    " reason,"
    " leaky INTEGER,"
    " core_dumped INTEGER,"
    " oom INTEGER"
    ");";

/* an occurrence of 0 is new, too: it was not counted */
static const char second[] = "DROP INDEX task_key;";

/* of those tasks that have one of their own */
static const char third[] = "ALTER TABLE task ADD COLUMN retry_interval REAL;";

static const char *const steps[] = { first, second, third };

int journal_schema_version(void)
{
	return (int)(sizeof steps / sizeof steps[0]);
}

const char *journal_schema_step(int version)
{
	return version >= 0 && version < journal_schema_version() ? steps[version] : NULL;
}
