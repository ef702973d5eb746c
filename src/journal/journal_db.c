/*
 * How SQLite's journal modes are used. With a write-ahead log, others can read while covey writes,
 * and a commit takes one write(2) or a few. The log's index is a file beside the database that all
 * processes map. SQLite writes each page of that file before it maps the page, so that a full disk
 * is an error and not a SIGBUS. Processes on different machines cannot share such a mapping, and so
 * a rollback journal is used on network file systems. When a run ends, its journal is switched back
 * to rollback mode: the file is then complete by itself, and readable on a read-only file system.
 *
 * When covey is killed, the log stays, at least in the page cache, and the next process that opens
 * the journal applies it. A power failure is different: with PRAGMA synchronous = NORMAL the log is
 * synced before it is copied into the database, which stays consistent but may lose the last
 * commits; with FULL each commit is synced.
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

#include "base/utf8.h"
#include "journal/journal_schema.h"

enum {
	/* how long to wait for a lock of another writer, or of a reader where there is no log */
	BUSY_MSEC = 10000,
	/* small: a commit writes and checksums every page that it changes */
	PAGE_SIZE = 2048,
	/* large: copying the log into the database waits for the disk */
	CHECKPOINT_PAGES = 16384,
	HEADER_SIZE = 100,
	/* of the application id, big-endian */
	ID_OFFSET = 68,
	/* after the bytes that SQLite locks, from 1 GiB on; a lock may be past the end of a file */
	LOCK_BYTE = 0x40000000 + 1024
};

/* file systems that linux/magic.h does not name */
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
		return error_set(err, "its directory is not writable, and the write-ahead log goes "
		    "there");
	/* for messages such as "disk I/O error", errno has the cause */
	if (sys_errno != 0 && ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN))
		return error_set(err, "%s: %s", sqlite3_errmsg(db->db), strerror(sys_errno));
	return error_set(err, "%s", sqlite3_errmsg(db->db));
}

/* Prepends what could not be done. */
static int database_error(const char *what, const char *path, struct error *err)
{
	return error_set(err, "cannot %s the journal '%s': %s", what, path, err->message);
}

/* ---- statements ---- */

int journal_db_prepare(const struct journal_db *db, const char *sql, sqlite3_stmt **statement,
    struct error *err)
{
	int code = sqlite3_prepare_v3(db->db, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);

	return code == SQLITE_OK ? 0 : sqlite_error(db, err);
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

void journal_db_bind_bytes(sqlite3_stmt *statement, int index, const char *data, size_t len)
{
	/* a NUL would end the text for many who read it */
	if (len == 0 || (utf8_is_valid(data, len) && memchr(data, '\0', len) == NULL))
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

/* Do the first bytes say that the file is a journal? An empty file is a journal without tables. */
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
		    "a journal that covey has written", path);
	id = (unsigned)header[ID_OFFSET] << 24 | (unsigned)header[ID_OFFSET + 1] << 16
	    | (unsigned)header[ID_OFFSET + 2] << 8 | header[ID_OFFSET + 3];
	if (id != JOURNAL_APPLICATION_ID)
		return error_set(err, "'%s' is an SQLite database, but not a journal", path);
	return 0;
}

static struct flock lock_of(short type)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = LOCK_BYTE, .l_len = 1,
	};
}

static int lock(int fd, const char *path, struct error *err)
{
	struct flock flock = lock_of(F_WRLCK);

	if (fcntl(fd, F_OFD_SETLK, &flock) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return error_set(err, "the journal '%s' is in use by another covey", path);
	return system_error("lock", path, err);
}

bool journal_db_in_use(const struct journal_db *db)
{
	struct flock flock = lock_of(F_RDLCK);

	return fcntl(db->fd, F_OFD_GETLK, &flock) == 0 && flock.l_type != F_UNLCK;
}

/* O_NONBLOCK: else opening a FIFO would wait for a writer. */
static int open_file(struct journal_db *db, const char *path, struct error *err)
{
	const int flags = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

	db->fd = open(path, O_RDWR | flags);
	if (db->fd < 0 && errno == ENOENT) {
		db->fd = open(path, O_RDWR | O_CREAT | O_EXCL | flags, 0666);
		db->made = db->fd >= 0;
		/* another process has made it in between */
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
	 * Only one thread uses SQLite, which then needs no lock for each allocation. Both calls
	 * fail if SQLite has been used already; then it is a little slower.
	 */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	/* SQLite gives "file:x" and ":memory:" another meaning; here they are file names */
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
		return error_set(err, "the journal '%s' has format %d, written by a newer covey; "
		    "this covey knows formats up to %d", path, *version, journal_schema_version());
	return 0;
}

/* One transaction: after a crash a journal has either the old format or the new one. */
static int migrate(const struct journal_db *db, int version, struct error *err)
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

	/* where a log is impossible after all, SQLite keeps the mode and reports no error */
	snprintf(text, sizeof text, "PRAGMA mmap_size = 0; PRAGMA synchronous = %s; "
	    "PRAGMA journal_mode = %s; PRAGMA wal_autocheckpoint = %d",
	    options->durable ? "FULL" : "NORMAL",
	    options->shared_memory ? "WAL" : "TRUNCATE", CHECKPOINT_PAGES);
	return journal_db_run(db, text, err);
}

bool journal_db_is_remote(unsigned long fs_type)
{
	/* f_type has 32 bits, and may have been sign-extended */
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
		/* the file may be new, but another covey has locked it: it is theirs */
		db->made = false;
		return -1;
	}
	if (open_database(db, path, SQLITE_OPEN_READWRITE, err) != 0)
		return database_error("open", path, err);
	if (check_version(db, path, &version, err) != 0)
		return -1;
	/* set the modes last: before that there is only one file, which is easy to remove */
	if (migrate(db, version, err) != 0 || set_modes(db, options, err) != 0)
		return database_error(empty ? "create" : "write", path, err);
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
	/* the log of a killed covey is applied where the file is writable, and else only read */
	if (open_database(db, path, SQLITE_OPEN_READWRITE, err) != 0)
		return database_error("open", path, err);
	if (check_version(db, path, &version, err) != 0) {
		if ((sqlite3_errcode(db->db) & 0xff) != SQLITE_CANTOPEN)
			return -1;
		return error_set(err, "the journal '%s' has a write-ahead log, as its covey was "
		    "killed, and its directory is not writable; copy the journal and '%s-wal' to "
		    "one that is", path, path);
	}
	if (version < journal_schema_version())
		return error_set(err, "the journal '%s' has the old format %d; the next run with "
		    "it converts it to format %d", path, version, journal_schema_version());
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
		/* fails while another process reads the journal, which then keeps its log */
		sqlite3_busy_timeout(db->db, 0);
		(void)sqlite3_exec(db->db, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	}
	sqlite3_close(db->db);
	if (db->fd >= 0)
		close(db->fd);
	*db = (struct journal_db){ .fd = -1 };
}
