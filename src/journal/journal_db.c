/*
 * SQLite's journal modes. A write-ahead log lets others read while covey writes, and a commit is one
 * write(2) or few; its index is shared memory beside the file, mapped. SQLite writes each page of
 * that file before it maps it, so that a full disk is an error and no SIGBUS; on a network file
 * system it cannot work, and there a rollback journal has to do. At the end every journal is turned
 * back to that: such a file is complete by itself, and can be read where nothing can be written.
 *
 * A killed covey leaves the log behind, in the page cache if nowhere else, and the next to open the
 * journal finds it. Power failures are another matter: with PRAGMA synchronous = NORMAL a log is on
 * the disk before it is copied into the database, which stays sound but may lose the last commits;
 * with FULL each commit waits for the disk.
 */
#include "journal/journal_db.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "journal/journal_schema.h"

enum {
	BUSY_MSEC = 10000,       /* for others that write, or read where there is no log */
	PAGE_SIZE = 2048,        /* a commit writes the few pages that it changes, and sums them up */
	CHECKPOINT_PAGES = 16384, /* of the log: copied back seldom, as that waits for the disk */
	HEADER_SIZE = 100,
	ID_OFFSET = 68,          /* of the application id, big-endian */
	/* behind those that SQLite locks, which begin at 1 GiB; locks need no bytes to be there */
	LOCK_BYTE = 0x40000000 + 1024
};

/* of which linux/magic.h has no names */
enum { CIFS_MAGIC = 0xff534d42, SMB2_MAGIC = 0xfe534d42, LUSTRE_MAGIC = 0x0bd00bd0,
	GPFS_MAGIC = 0x47504653, FUSE_MAGIC = 0x65735546 };

/* ---- messages ---- */

static int system_error(const char *what, const char *path, struct error *err)
{
	return error_set(err, "cannot %s the journal '%s': %s", what, path, strerror(errno));
}

static int sqlite_error(const struct journal_db *db, struct error *err)
{
	int code = sqlite3_extended_errcode(db->db), sys_errno = sqlite3_system_errno(db->db);

	if (code == SQLITE_READONLY_DIRECTORY)
		return error_set(err, "no file can be made in its directory, where a log has to go");
	/* "disk I/O error" and the like: the cause is the system's */
	if (sys_errno != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN))
		return error_set(err, "%s: %s", sqlite3_errmsg(db->db), strerror(sys_errno));
	return error_set(err, "%s", sqlite3_errmsg(db->db));
}

/* Puts in front what could not be done. */
static int database_error(const char *what, const char *path, struct error *err)
{
	return error_set(err, "cannot %s the journal '%s': %s", what, path, err->message);
}

/* ---- statements ---- */

int journal_db_prepare(const struct journal_db *db, const char *sql, sqlite3_stmt **statement,
    struct error *err)
{
	if (sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL) == SQLITE_OK)
		return 0;
	return sqlite_error(db, err);
}

int journal_db_run(const struct journal_db *db, const char *sql, struct error *err)
{
	return sqlite3_exec(db->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sqlite_error(db, err);
}

int journal_db_step(const struct journal_db *db, sqlite3_stmt *statement, struct error *err)
{
	int result = sqlite3_step(statement) == SQLITE_DONE ? 0 : sqlite_error(db, err);

	sqlite3_reset(statement);
	return result;
}

static bool is_utf8(const char *data, size_t len)
{
	const unsigned char *p = (const unsigned char *)data, *end = p + len;

	while (p < end) {
		unsigned char c = *p++;
		int more = c < 0x80 ? 0 : c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2
		    : c >= 0xf0 && c < 0xf5 ? 3 : -1;

		/* a NUL would end the text for many who read it */
		if (more < 0 || c == 0 || end - p < more)
			return false;
		if ((c == 0xe0 && *p < 0xa0) || (c == 0xed && *p >= 0xa0) || (c == 0xf0 && *p < 0x90)
		    || (c == 0xf4 && *p >= 0x90))
			return false;
		for (; more > 0; more--)
			if ((*p++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

void journal_db_bind_bytes(sqlite3_stmt *statement, int index, const char *data, size_t len)
{
	if (is_utf8(data, len))
		sqlite3_bind_text64(statement, index, data, len, SQLITE_STATIC, SQLITE_UTF8);
	else
		sqlite3_bind_blob64(statement, index, data, len, SQLITE_STATIC);
}

static int query_number(const struct journal_db *db, const char *sql, int *number,
    struct error *err)
{
	sqlite3_stmt *statement;
	int result = 0;

	if (journal_db_prepare(db, sql, &statement, err) != 0)
		return -1;
	if (sqlite3_step(statement) == SQLITE_ROW)
		*number = sqlite3_column_int(statement, 0);
	else
		result = sqlite_error(db, err);
	sqlite3_finalize(statement);
	return result;
}

/* ---- the file ---- */

static int check_regular(int fd, const char *path, struct error *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return system_error("open", path, err);
	if (!S_ISREG(st.st_mode))
		return error_set(err, "cannot use '%s' as a journal: it is not a regular file",
		    path);
	return 0;
}

/* Is it a journal, by its first bytes? An empty file is one that nobody has written to. */
static int check_header(int fd, const char *path, bool *empty, struct error *err)
{
	static const char magic[16] = "SQLite format 3";
	unsigned char header[HEADER_SIZE];
	ssize_t n;
	unsigned id;

	do
		n = pread(fd, header, sizeof header, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return system_error("read", path, err);
	*empty = n == 0;
	if (n == 0)
		return 0;
	if (n < HEADER_SIZE || memcmp(header, magic, sizeof magic) != 0)
		return error_set(err, "'%s' is not a journal; name a file that does not exist, or "
		    "one that covey has made", path);
	id = (unsigned)header[ID_OFFSET] << 24 | (unsigned)header[ID_OFFSET + 1] << 16
	    | (unsigned)header[ID_OFFSET + 2] << 8 | header[ID_OFFSET + 3];
	if (id != JOURNAL_APPLICATION_ID)
		return error_set(err, "'%s' is an SQLite database, but not a journal", path);
	return 0;
}

static int lock(int fd, const char *path, struct error *err)
{
	struct flock flock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1 };

	if (fcntl(fd, F_OFD_SETLK, &flock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return error_set(err, "the journal '%s' is in use by another covey", path);
	return system_error("lock", path, err);
}

bool journal_db_in_use(const struct journal_db *db)
{
	struct flock flock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1 };

	return fcntl(db->fd, F_OFD_GETLK, &flock) == 0 && flock.l_type != F_UNLCK;
}

/* Without O_NONBLOCK, opening a FIFO would wait. */
static int open_file(struct journal_db *db, const char *path, struct error *err)
{
	const int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	db->fd = open(path, O_RDWR | flags);
	if (db->fd < 0 && errno == ENOENT) {
		db->fd = open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0666);
		db->made = db->fd >= 0;
		/* somebody else was faster */
		if (db->fd < 0 && errno == EEXIST)
			db->fd = open(path, O_RDWR | flags);
	}
	return db->fd < 0 ? system_error("open", path, err) : 0;
}

/* ---- the database ---- */

static int open_database(struct journal_db *db, const char *path, int flags, struct error *err)
{
	char *name = NULL;
	int code;

	/*
	 * One thread: no locks around each allocation. Where SQLite is in use already it stays as it is,
	 * and is as good.
	 */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* "file:x" and ":memory:" are names of files here */
	if (asprintf(&name, "%s%s", path[0] == '/' ? "" : "./", path) < 0)
		return error_set(err, "out of memory");
	code = sqlite3_open_v2(name, &db->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
	free(name);
	if (db->db == NULL)
		return error_set(err, "out of memory");
	if (code != SQLITE_OK)
		return sqlite_error(db, err);
	sqlite3_extended_result_codes(db->db, 1);
	sqlite3_busy_timeout(db->db, BUSY_MSEC);
	return 0;
}

static int check_version(const struct journal_db *db, const char *path, int *version,
    struct error *err)
{
	if (query_number(db, "PRAGMA user_version", version, err) != 0)
		return database_error("read", path, err);
	if (*version > journal_schema_version())
		return error_set(err, "the journal '%s' is of format %d, written by a newer covey; "
		    "this one knows formats up to %d", path, *version, journal_schema_version());
	return 0;
}

/* One transaction: a journal is of the old version, or of the new one. */
static int bring_up_to_date(const struct journal_db *db, int version, struct error *err)
{
	char text[128];

	if (version == journal_schema_version())
		return 0;
	snprintf(text, sizeof text, "PRAGMA page_size = %d; BEGIN IMMEDIATE", PAGE_SIZE);
	if (journal_db_run(db, text, err) != 0)
		return -1;
	for (; version < journal_schema_version(); version++)
		if (journal_db_run(db, journal_schema_step(version), err) != 0)
			return -1;
	snprintf(text, sizeof text, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
	    JOURNAL_APPLICATION_ID, version);
	return journal_db_run(db, text, err);
}

static int set_modes(const struct journal_db *db, const struct journal_db_options *options,
    struct error *err)
{
	char text[256];

	/* where there can be no log after all, SQLite keeps the mode that there was */
	snprintf(text, sizeof text, "PRAGMA mmap_size = 0; PRAGMA synchronous = %s; "
	    "PRAGMA journal_mode = %s; PRAGMA wal_autocheckpoint = %d",
	    options->durable ? "FULL" : "NORMAL",
	    options->shared_memory ? "WAL" : "TRUNCATE", CHECKPOINT_PAGES);
	return journal_db_run(db, text, err);
}

bool journal_db_is_remote(unsigned long fs_type)
{
	/* of 32 bits, whose sign may have been extended */
	switch ((uint32_t)fs_type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case CIFS_MAGIC:
	case SMB2_MAGIC:
	case V9FS_MAGIC:
	case AFS_SUPER_MAGIC:
	case CODA_SUPER_MAGIC:
	case CEPH_SUPER_MAGIC:
	case LUSTRE_MAGIC:
	case GPFS_MAGIC:
	case FUSE_MAGIC:
		return true;
	}
	return false;
}

struct journal_db_options journal_db_options(const char *path, bool durable)
{
	struct journal_db_options options = { .durable = durable, .shared_memory = true };
	char *copy = strdup(path), *slash = copy == NULL ? NULL : strrchr(copy, '/');
	struct statfs fs;

	if (slash != NULL)
		slash[slash == copy] = '\0';
	if (copy != NULL && statfs(slash == NULL ? "." : copy, &fs) == 0)
		options.shared_memory = !journal_db_is_remote((unsigned long)fs.f_type);
	free(copy);
	return options;
}

static int open_locked(struct journal_db *db, const char *path,
    const struct journal_db_options *options, struct error *err)
{
	int version = 0;
	bool empty;

	if (check_regular(db->fd, path, err) != 0 || check_header(db->fd, path, &empty, err) != 0)
		return -1;
	if (lock(db->fd, path, err) != 0) {
		/* whoever has it now was here between, and it is theirs */
		db->made = false;
		return -1;
	}
	if (open_database(db, path, SQLITE_OPEN_READWRITE, err) != 0)
		return database_error("open", path, err);
	if (check_version(db, path, &version, err) != 0)
		return -1;
	/* a write-ahead log comes later: until it is a journal, there is only the one file */
	if (bring_up_to_date(db, version, err) != 0 || set_modes(db, options, err) != 0)
		return database_error(empty ? "make" : "write", path, err);
	db->writer = true;
	return 0;
}

int journal_db_open(struct journal_db *db, const char *path,
    const struct journal_db_options *options, struct error *err)
{
	*db = (struct journal_db){ .fd = -1 };
	if (open_file(db, path, err) != 0)
		return -1;
	if (open_locked(db, path, options, err) == 0)
		return 0;
	if (db->made)
		unlink(path);
	journal_db_close(db);
	return -1;
}

static int open_to_read(struct journal_db *db, const char *path, struct error *err)
{
	int version = 0;
	bool empty;

	if (check_regular(db->fd, path, err) != 0 || check_header(db->fd, path, &empty, err) != 0)
		return -1;
	if (empty)
		return error_set(err, "the journal '%s' is empty", path);
	/* the log of a covey that was killed is written back, if it may be; else it is just read */
	if (open_database(db, path, SQLITE_OPEN_READWRITE, err) != 0)
		return database_error("open", path, err);
	if (check_version(db, path, &version, err) != 0) {
		if ((sqlite3_errcode(db->db) & 0xff) != SQLITE_CANTOPEN)
			return -1;
		return error_set(err, "the journal '%s' is to be put in order first, as its covey was "
		    "killed, and no file can be made in its directory: copy it to another, with '%s-wal'",
		    path, path);
	}
	if (version < journal_schema_version())
		return error_set(err, "the journal '%s' is of format %d; the next run with it "
		    "brings it up to format %d", path, version, journal_schema_version());
	return 0;
}

int journal_db_read(struct journal_db *db, const char *path, struct error *err)
{
	*db = (struct journal_db){ .fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) };
	if (db->fd < 0)
		return system_error("open", path, err);
	if (open_to_read(db, path, err) == 0)
		return 0;
	journal_db_close(db);
	return -1;
}

void journal_db_close(struct journal_db *db)
{
	if (db->writer) {
		/* fails while somebody reads it: then it stays as it is, and is as good */
		sqlite3_busy_timeout(db->db, 0);
		(void)sqlite3_exec(db->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	}
	sqlite3_close(db->db);
	if (db->fd >= 0)
		close(db->fd);
	*db = (struct journal_db){ .fd = -1 };
}
