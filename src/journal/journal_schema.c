#include "journal/journal_schema.h"

#include <stddef.h>

/*
 * The writer chooses the ids, and there is one writer at a time, so that the rows of a run are next
 * to each other. There is no index: each transaction would have to write another page, and for an
 * index on the key each task would. For the same reason a task's row has the id and the duration of
 * its last attempt.
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

/* also new: occurrence 0, which means that equal tasks were not counted */
static const char second[] = "DROP INDEX task_key;";

/* only of tasks that set it */
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
