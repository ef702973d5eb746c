/* The journal's file: found or made, checked, locked, brought up to date. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "journal/journal_db.h"
#include "journal/journal_schema.h"
#include "own_process.h"

static char dir[] = "/tmp/test_journal_db.XXXXXX";

static int go_there(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) != 0 ? -1 : 0;
}

static int leave(void **state)
{
	(void)state;
	return chdir("/") != 0 || rmdir(dir) != 0 ? -1 : 0;
}

/* Each test leaves the directory as it was, which shows that nothing was left beside a journal. */
static int clean(void **state)
{
	static const char *const names[] = {
		"j", "j-wal", "j-shm", "j-journal", "file:j?mode=memory", ":memory:",
	};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		unlink(names[i]);
	return 0;
}

static const struct journal_db_options usual = { .durable = false, .shared_memory = true };

static void opened(struct journal_db *db, const char *path)
{
	struct error err = { "" };

	if (journal_db_open(db, path, &usual, &err) != 0)
		fail_msg("%s", err.message);
}

static void ran(const struct journal_db *db, const char *sql)
{
	struct error err = { "" };

	if (journal_db_run(db, sql, &err) != 0)
		fail_msg("%s: %s", sql, err.message);
}

/* Of a query's first row and column. */
static void gives(sqlite3 *db, const char *sql, const char *want)
{
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(s, 0), want);
	sqlite3_finalize(s);
}

static void refused(const char *path, const char *why)
{
	struct error err = { "" };
	struct journal_db db;

	if (journal_db_open(&db, path, &usual, &err) == 0)
		fail_msg("'%s' was opened", path);
	if (strstr(err.message, why) == NULL)
		fail_msg("'%s': %s", path, err.message);
	assert_int_equal(db.fd, -1);
}

static void unreadable(const char *path, const char *why)
{
	struct error err = { "" };
	struct journal_db db;

	if (journal_db_read(&db, path, &err) == 0)
		fail_msg("'%s' was opened", path);
	if (strstr(err.message, why) == NULL)
		fail_msg("'%s': %s", path, err.message);
}

static void written(const char *path, const char *bytes, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void made_and_closed(void **state)
{
	struct journal_db db;
	char version[16];

	(void)state;
	opened(&db, "j");
	assert_true(db.made);
	gives(db.db, "PRAGMA journal_mode", "wal");
	gives(db.db, "PRAGMA application_id", "1668249209");
	snprintf(version, sizeof version, "%d", journal_schema_version());
	gives(db.db, "PRAGMA user_version", version);
	assert_int_equal(access("j-wal", F_OK), 0);
	journal_db_close(&db);
	assert_int_equal(access("j-wal", F_OK), -1);
	assert_int_equal(access("j-shm", F_OK), -1);
	opened(&db, "j");
	assert_false(db.made);
	journal_db_close(&db);
	/* twice is once */
	journal_db_close(&db);
}

static void an_empty_file_is_nobodys(void **state)
{
	struct journal_db db;

	(void)state;
	written("j", "", 0);
	unreadable("j", "is empty");
	opened(&db, "j");
	assert_false(db.made);
	journal_db_close(&db);
}

static void what_is_no_journal(void **state)
{
	char bytes[200] = "SQLite format 3";
	struct stat st;
	sqlite3 *other;

	(void)state;
	written("j", "some text\n", 10);
	refused("j", "'j' is not a journal");
	unreadable("j", "'j' is not a journal");
	/* the beginning alone */
	written("j", bytes, 50);
	refused("j", "'j' is not a journal");
	written("j", bytes, sizeof bytes);
	refused("j", "but not a journal");
	unlink("j");
	assert_int_equal(sqlite3_open("j", &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "CREATE TABLE t (x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	refused("j", "an SQLite database, but not a journal");
	/* it says that it is one, and is not */
	memcpy(bytes + 68, "\x63\x6f\x76\x79", 4);
	written("j", bytes, sizeof bytes);
	refused("j", "the journal 'j'");
	assert_int_equal(stat("j", &st), 0);
	assert_int_equal(st.st_size, sizeof bytes);
	refused(".", "'.'");
	refused("/dev/null", "not a regular file");
	refused("nowhere/j", "cannot open the journal 'nowhere/j': No such file");
	assert_int_equal(access("nowhere", F_OK), -1);
	unreadable("nowhere", "No such file");
}

static void names_are_names(void **state)
{
	static const char *const names[] = { "file:j?mode=memory", ":memory:" };
	struct journal_db db;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		opened(&db, names[i]);
		journal_db_close(&db);
		assert_int_equal(access(names[i], F_OK), 0);
	}
}

/* A journal of the first format, with a row in each table. */
static void make_old(void)
{
	struct journal_db db = { .fd = -1 };

	assert_int_equal(sqlite3_open("j", &db.db), SQLITE_OK);
	ran(&db, journal_schema_step(0));
	ran(&db, "INSERT INTO run (id, series, uid, started, argv, command, template, version, pid)"
	    " VALUES (1, 1, 'u', 1.5, 'covey', 'covey', '', '0', 1);"
	    "INSERT INTO task (id, run, number, series, key, occurrence, argv, command)"
	    " VALUES (1, 1, 1, 1, x'00', 1, 'x', 'old one');"
	    "INSERT INTO attempt (id, task, number, slot, started) VALUES (1, 1, 1, 1, 1.5)");
	ran(&db, "PRAGMA application_id = 0x636f7679; PRAGMA user_version = 1");
	sqlite3_close(db.db);
}

static void an_old_one_is_brought_up_to_date(void **state)
{
	struct journal_db db;
	char version[16];

	(void)state;
	make_old();
	unreadable("j", "has the old format 1; the next run");
	opened(&db, "j");
	snprintf(version, sizeof version, "%d", journal_schema_version());
	assert_true(journal_schema_version() > 1);
	gives(db.db, "PRAGMA user_version", version);
	gives(db.db, "SELECT t.command FROM task t JOIN run r ON r.id = t.run"
	    " JOIN attempt a ON a.task = t.id", "old one");
	gives(db.db, "SELECT count(*) FROM sqlite_schema WHERE type = 'index'", "0");
	journal_db_close(&db);
}

/* What has been brought up to date is the same as what has been made. */
static void old_and_new_are_the_same(void **state)
{
	static const char schema[] = "SELECT group_concat(sql, ';') FROM sqlite_schema";
	struct journal_db db;
	char *old;
	sqlite3_stmt *s;

	(void)state;
	make_old();
	opened(&db, "j");
	assert_int_equal(sqlite3_prepare_v2(db.db, schema, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	old = strdup((const char *)sqlite3_column_text(s, 0));
	sqlite3_finalize(s);
	journal_db_close(&db);
	unlink("j");
	opened(&db, "j");
	gives(db.db, schema, old);
	free(old);
	journal_db_close(&db);
	assert_null(journal_schema_step(-1));
	assert_null(journal_schema_step(journal_schema_version()));
}

static void a_newer_one_is_refused(void **state)
{
	struct journal_db db;

	(void)state;
	opened(&db, "j");
	ran(&db, "PRAGMA user_version = 99");
	journal_db_close(&db);
	refused("j", "has format 99, written by a newer covey");
	unreadable("j", "has format 99");
}

static void one_writes_and_others_read(void **state)
{
	struct journal_db db, reader;
	struct error err;

	(void)state;
	opened(&db, "j");
	refused("j", "in use by another covey");
	assert_int_equal(journal_db_read(&reader, "j", &err), 0);
	assert_true(journal_db_in_use(&reader));
	ran(&db, "BEGIN IMMEDIATE;"
	    " INSERT INTO attempt (task, number, slot, started) VALUES (1, 1, 1, 1)");
	gives(reader.db, "SELECT count(*) FROM attempt", "0");
	ran(&db, "COMMIT");
	gives(reader.db, "SELECT count(*) FROM attempt", "1");
	journal_db_close(&db);
	assert_false(journal_db_in_use(&reader));
	journal_db_close(&reader);
	opened(&db, "j");
	journal_db_close(&db);
}

/* Without shared memory, as on a network file system, there is a rollback journal. */
static void without_a_log(void **state)
{
	const struct journal_db_options options = { .durable = true, .shared_memory = false };
	struct journal_db db, reader;
	struct error err;

	(void)state;
	assert_int_equal(journal_db_open(&db, "j", &options, &err), 0);
	gives(db.db, "PRAGMA journal_mode", "truncate");
	gives(db.db, "PRAGMA synchronous", "2");
	ran(&db, "BEGIN IMMEDIATE;"
	    " INSERT INTO attempt (task, number, slot, started) VALUES (1, 1, 1, 1)");
	assert_int_equal(access("j-wal", F_OK), -1);
	assert_int_equal(access("j-shm", F_OK), -1);
	ran(&db, "COMMIT");
	assert_int_equal(journal_db_read(&reader, "j", &err), 0);
	gives(reader.db, "SELECT count(*) FROM attempt", "1");
	journal_db_close(&reader);
	journal_db_close(&db);
	assert_int_equal(access("j-journal", F_OK), -1);
	opened(&db, "j");
	gives(db.db, "PRAGMA journal_mode", "wal");
	gives(db.db, "PRAGMA synchronous", "1");
	journal_db_close(&db);
}

static void file_systems(void **state)
{
	/* of nfs, 9p, ceph, and as they come where long has 32 bits: cifs, smb2 */
	static const unsigned long remote[] = {
		NFS_SUPER_MAGIC, V9FS_MAGIC, CEPH_SUPER_MAGIC, 0xff534d42, 0xfe534d42,
		(unsigned long)(int32_t)0xff534d42, 0x65735546, SMB_SUPER_MAGIC,
	};
	static const unsigned long local[] = { EXT4_SUPER_MAGIC, TMPFS_MAGIC, XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, 0 };

	(void)state;
	for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++)
		assert_true(journal_db_is_remote(remote[i]));
	for (size_t i = 0; i < sizeof local / sizeof local[0]; i++)
		assert_false(journal_db_is_remote(local[i]));
	assert_true(journal_db_options("/proc/x", true).shared_memory);
	assert_true(journal_db_options("nowhere/x", true).durable);
}

static void bytes_are_text_or_blob(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		const char *type;
	} cases[] = {
		{ "", 0, "text" }, { "abc", 3, "text" }, { "a\nb", 3, "text" },
		{ "\xc3\xa9", 2, "text" },
		{ "\xe2\x82\xac", 3, "text" }, { "\xf0\x9f\x90\xa6", 4, "text" },
		{ "\xf4\x8f\xbf\xbf", 4, "text" },
		{ "a\0b", 3, "blob" }, { "\xff", 1, "blob" }, { "\xc3", 1, "blob" },
		{ "\xe2\x82", 2, "blob" },
		{ "\xc0\x80", 2, "blob" }, { "\xe0\x80\x80", 3, "blob" },
		{ "\xed\xa0\x80", 3, "blob" },
		{ "\xf0\x80\x80\x80", 4, "blob" }, { "\xf4\x90\x80\x80", 4, "blob" },
		{ "\x80", 1, "blob" },
		{ "\xf8\x88\x80\x80\x80", 5, "blob" }, { "ok\xc3(", 4, "blob" },
	};
	struct journal_db db;
	struct error err;
	sqlite3_stmt *s;

	(void)state;
	opened(&db, "j");
	assert_int_equal(journal_db_prepare(&db, "SELECT typeof(?1), ?1", &s, &err), 0);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		journal_db_bind_bytes(s, 1, cases[i].bytes, cases[i].len);
		assert_int_equal(sqlite3_step(s), SQLITE_ROW);
		if (strcmp((const char *)sqlite3_column_text(s, 0), cases[i].type) != 0)
			fail_msg("case %zu is a %s", i, sqlite3_column_text(s, 0));
		assert_int_equal(sqlite3_column_bytes(s, 1), cases[i].len);
		if (cases[i].len > 0)
			assert_memory_equal(sqlite3_column_blob(s, 1), cases[i].bytes,
			    cases[i].len);
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	journal_db_close(&db);
}

#ifdef SYS_fcntl64
enum { NR_FCNTL = SYS_fcntl64 };
#else
enum { NR_FCNTL = SYS_fcntl };
#endif

/* From here on somebody else has locked each file first. */
static int lose_each_lock(void)
{
	static const size_t command = offsetof(struct seccomp_data, args[1])
	    + (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0);
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NR_FCNTL, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)command),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, F_OFD_SETLK, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof filter / sizeof filter[0], filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int lost(int arg)
{
	struct error err = { "" };
	struct journal_db db;

	(void)arg;
	NEEDS(lose_each_lock() == 0);
	NEEDS(journal_db_open(&db, "j", &usual, &err) != 0);
	NEEDS(strstr(err.message, "in use by another covey") != NULL);
	NEEDS(access("j", F_OK) == 0);
	return 0;
}

/* Between making a file and locking it another may do so: the journal is then theirs. */
static void what_another_has_locked_stays(void **state)
{
	(void)state;
	run(lost, 0);
}

#define TEST(name) cmocka_unit_test_teardown(name, clean)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(made_and_closed),
		TEST(an_empty_file_is_nobodys),
		TEST(what_is_no_journal),
		TEST(names_are_names),
		TEST(an_old_one_is_brought_up_to_date),
		TEST(old_and_new_are_the_same),
		TEST(a_newer_one_is_refused),
		TEST(one_writes_and_others_read),
		TEST(what_another_has_locked_stays),
		TEST(without_a_log),
		TEST(file_systems),
		TEST(bytes_are_text_or_blob),
	};

	return cmocka_run_group_tests(tests, go_there, leave);
}
