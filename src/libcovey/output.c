/*
 * A store is a row of bytes. The first head_max bytes stay where they are, and the rest goes round
 * in a ring of ring_max bytes after them. That one rule covers all three uses: everything is kept
 * (no ring), head and tail are kept (both), only a tail is kept (no head). It is the same in
 * memory and in a file.
 */
#include "output.h"

#include <bsd/sys/param.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fdutil.h"

enum {
	MEMORY_START = 512,
	WRITE_CHUNK = 1 << 20,
	STAGE_BYTES = 256 << 10,  /* gathered for the file: pipes give a few KiB at a time */
	RELEASE_CHUNK = 8 << 20,
	COPY_CHUNK = 64 << 10
};

struct store {
	unsigned char *memory;  /* the bytes from in_file on; NULL when there are none */
	size_t capacity;
	int file;               /* -1 unless spilled */
	uint64_t in_file;       /* bytes that are in the file; with a ring, all or none */
	int error;              /* why bytes were lost: none are taken after that; or 0 */
	uint64_t head_max;
	uint64_t ring_max;
	uint64_t total;         /* bytes that came in, cut ones included */
	uint64_t released;      /* the file has a hole up to here */
};

struct covey_output {
	size_t spill_bytes;
	struct store kept;
	struct store noted;
	char tmpdir[];
};

static void store_init(struct store *s, uint64_t head_max, uint64_t ring_max)
{
	*s = (struct store){ .file = -1, .head_max = head_max, .ring_max = ring_max };
}

static void store_release(struct store *s)
{
	cv_fd_close(&s->file);
	free(s->memory);
	s->memory = NULL;
}

static uint64_t store_size(const struct store *s)
{
	return MIN(s->total, s->head_max + s->ring_max);
}

/* Where the byte that came in as number "position" lies. */
static uint64_t place_of(const struct store *s, uint64_t position)
{
	if (position < s->head_max)
		return position;
	return s->head_max + (position - s->head_max) % s->ring_max;
}

/* How many bytes from "position" on lie side by side. */
static uint64_t run_at(const struct store *s, uint64_t position)
{
	if (position < s->head_max)
		return s->head_max - position;
	return s->ring_max - (position - s->head_max) % s->ring_max;
}

/* The incoming number of the byte that is shown at "offset". */
static uint64_t position_of(const struct store *s, uint64_t offset)
{
	return offset < s->head_max ? offset : offset + (s->total - store_size(s));
}

/* Writes up to len bytes; returns how many, or -1 with errno. */
static ssize_t put_file(int file, const void *data, size_t len, uint64_t place)
{
	ssize_t n;

	do {
		n = pwrite(file, data, len, (off_t)place);
	} while (n < 0 && errno == EINTR);
	if (n == 0) {
		errno = EIO;
		return -1;
	}
	return n;
}

static int copy_to_file(int file, const unsigned char *data, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = put_file(file, data + done, len - done, done);
		if (n < 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

/* Moves the store to a file; on failure it stays in memory. */
static int spill(struct store *s, const char *tmpdir)
{
	int file = cv_fd_unlinked(tmpdir);

	if (file < 0)
		return -1;
	/* a ring does not go round before it has all of its room: the bytes are still in order */
	if (copy_to_file(file, s->memory, (size_t)s->total) != 0) {
		cv_fd_close(&file);
		return -1;
	}
	s->file = file;
	s->in_file = s->ring_max > 0 ? UINT64_MAX : s->total;
	if (s->ring_max == 0 && s->capacity >= STAGE_BYTES)
		return 0;
	free(s->memory);
	s->memory = s->ring_max > 0 ? NULL : malloc(STAGE_BYTES);
	s->capacity = s->memory != NULL ? STAGE_BYTES : 0;
	return 0;
}

/* Moves what was gathered in memory to the file. Returns 0, or -1 with errno. */
static int flush_stage(struct store *s)
{
	size_t len = (size_t)(s->total - s->in_file), done = 0;
	ssize_t n = 0;

	while (done < len && n >= 0) {
		n = put_file(s->file, s->memory + done, len - done, s->in_file);
		if (n < 0)
			break;
		done += (size_t)n;
		s->in_file += (uint64_t)n;
	}
	if (done < len)
		memmove(s->memory, s->memory + done, len - done);
	return n < 0 ? -1 : 0;
}

/* Adds to what is gathered for the file, as much as there is room for; returns how much, or -1. */
static ssize_t stage(struct store *s, const unsigned char *data, size_t len)
{
	size_t used = (size_t)(s->total - s->in_file);

	if (used == s->capacity) {
		if (flush_stage(s) != 0)
			return -1;
		used = 0;
	}
	len = MIN(len, s->capacity - used);
	memcpy(s->memory + used, data, len);
	return (ssize_t)len;
}

static int grow(struct store *s, size_t need, size_t most)
{
	size_t capacity = s->capacity > most / 2 ? most : s->capacity * 2;
	void *memory;

	capacity = MAX(capacity, MAX(need, MIN(most, (size_t)MEMORY_START)));
	memory = realloc(s->memory, capacity);
	if (memory == NULL)
		return -1;
	s->memory = memory;
	s->capacity = capacity;
	return 0;
}

/* Makes room for len more bytes: in memory up to spill_bytes, then in a file, given a tmpdir. */
static int reserve(struct store *s, size_t len, size_t spill_bytes, const char *tmpdir)
{
	uint64_t span = s->head_max + s->ring_max, used = store_size(s);
	uint64_t need = used + MIN(span - used, (uint64_t)len);

	if (s->file >= 0 || need <= s->capacity)
		return 0;
	if (need <= spill_bytes && grow(s, (size_t)need, (size_t)MIN(span, spill_bytes)) == 0)
		return 0;
	if (tmpdir == NULL)
		return -1;
	if (spill(s, tmpdir) == 0)
		return 0;
	/* without a descriptor for a file, more memory is used */
	if ((errno == EMFILE || errno == ENFILE) && grow(s, (size_t)need, (size_t)span) == 0)
		return 0;
	return -1;
}

static ssize_t put_direct(struct store *s, const unsigned char *data, size_t len, uint64_t place)
{
	ssize_t n = put_file(s->file, data, len, place);

	if (n > 0 && s->ring_max == 0)
		s->in_file += (uint64_t)n;
	return n;
}

static int store_add(struct store *s, const unsigned char *data, size_t len)
{
	uint64_t place;
	ssize_t n;

	if (s->error != 0) {
		errno = s->error;
		return -1;
	}
	while (len > 0) {
		place = place_of(s, s->total);
		n = (ssize_t)MIN(run_at(s, s->total), (uint64_t)len);
		if (s->file < 0)
			memcpy(s->memory + place, data, (size_t)n);
		else if (s->capacity > 0)
			n = stage(s, data, (size_t)n);
		else
			n = put_direct(s, data, (size_t)n, place);
		if (n < 0) {
			s->error = errno;
			return -1;
		}
		s->total += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

struct covey_output *cv_output_create(const struct cv_capture_limits *limits)
{
	size_t dir_size = strlen(limits->tmpdir) + 1;
	struct covey_output *output = malloc(sizeof *output + dir_size);
	uint64_t most = limits->max_output;

	if (output == NULL)
		return NULL;
	output->spill_bytes = limits->spill_bytes;
	if (most == 0 || most > INT64_MAX)
		store_init(&output->kept, INT64_MAX, 0);  /* no file can be longer */
	else
		store_init(&output->kept, most / 2, most - most / 2);
	store_init(&output->noted, 0, limits->tail_bytes);
	memcpy(output->tmpdir, limits->tmpdir, dir_size);
	return output;
}

struct covey_output *covey_output_new(size_t spill_bytes, const char *tmpdir)
{
	struct cv_capture_limits limits = { .spill_bytes = spill_bytes, .tmpdir = tmpdir };

	if (limits.tmpdir == NULL)
		limits.tmpdir = secure_getenv("TMPDIR");
	if (limits.tmpdir == NULL || *limits.tmpdir == '\0')
		limits.tmpdir = "/tmp";
	return cv_output_create(&limits);
}

int covey_output_append(struct covey_output *output, const void *data, size_t len)
{
	if (output == NULL || (data == NULL && len > 0)) {
		errno = EINVAL;
		return -1;
	}
	if (len > INT64_MAX - output->kept.total) {
		errno = EFBIG;
		return -1;
	}
	if (reserve(&output->kept, len, output->spill_bytes, output->tmpdir) != 0)
		return -1;
	return store_add(&output->kept, data, len);
}

int cv_output_note(struct covey_output *output, const void *data, size_t len)
{
	if (output->noted.ring_max == 0)
		return 0;
	if (reserve(&output->noted, len, SIZE_MAX, NULL) != 0)
		return -1;
	return store_add(&output->noted, data, len);
}

static const struct store *shown(const struct covey_output *output)
{
	return output->kept.total > 0 ? &output->kept : &output->noted;
}

uint64_t covey_output_size(const struct covey_output *output)
{
	return output == NULL ? 0 : store_size(shown(output));
}

uint64_t covey_output_cut(const struct covey_output *output, uint64_t *offset)
{
	const struct store *kept;

	if (offset != NULL)
		*offset = 0;
	if (output == NULL)
		return 0;
	kept = &output->kept;
	if (offset != NULL)
		*offset = MIN(kept->total, kept->head_max);
	return kept->total - store_size(kept);
}

static ssize_t get_file(int file, void *buf, size_t n, uint64_t place)
{
	ssize_t got;

	do {
		got = pread(file, buf, n, (off_t)place);
	} while (got < 0 && errno == EINTR);
	if (got == 0) {
		errno = EIO;  /* not the end: the file is known to have more bytes */
		return -1;
	}
	return got;
}

static bool in_file(const struct store *s, uint64_t place)
{
	return s->file >= 0 && place < s->in_file;
}

static const unsigned char *in_memory(const struct store *s, uint64_t place)
{
	return s->memory + (s->file >= 0 ? place - s->in_file : place);
}

/* How many bytes are in one piece from offset on, n at most; 0 past the end. */
static size_t piece_at(const struct store *s, uint64_t offset, size_t n, uint64_t *place)
{
	uint64_t size = store_size(s);
	uint64_t position;

	if (offset >= size)
		return 0;
	position = position_of(s, offset);
	*place = place_of(s, position);
	if (s->file >= 0 && *place < s->in_file)
		n = (size_t)MIN((uint64_t)n, s->in_file - *place);
	return (size_t)MIN(MIN(size - offset, run_at(s, position)), (uint64_t)n);
}

static ssize_t get(const struct store *s, uint64_t offset, void *buf, size_t n)
{
	uint64_t place;
	size_t piece = piece_at(s, offset, n, &place);

	if (piece == 0)
		return 0;
	if (in_file(s, place))
		return get_file(s->file, buf, piece, place);
	memcpy(buf, in_memory(s, place), piece);
	return (ssize_t)piece;
}

ssize_t covey_output_read(const struct covey_output *output, uint64_t offset, void *buf, size_t n)
{
	size_t done = 0;
	ssize_t got = 0;

	if (output == NULL)
		return 0;
	if (buf == NULL && n > 0) {
		errno = EINVAL;
		return -1;
	}
	n = MIN(n, (size_t)SSIZE_MAX);
	while (done < n) {
		got = get(shown(output), offset + done, (char *)buf + done, n - done);
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done > 0 ? (ssize_t)done : got;
}

static ssize_t write_memory(int fd, const void *data, size_t n)
{
	ssize_t written;

	do {
		written = write(fd, data, n);
	} while (written < 0 && errno == EINTR);
	return written;
}

static ssize_t write_copied(int fd, int file, size_t n, uint64_t place)
{
	unsigned char buf[COPY_CHUNK];
	ssize_t got = get_file(file, buf, MIN(n, sizeof buf), place);

	return got < 0 ? -1 : write_memory(fd, buf, (size_t)got);
}

static ssize_t write_file(int fd, int file, size_t n, uint64_t place)
{
	off_t from = (off_t)place;
	ssize_t written;

	do {
		written = sendfile(fd, file, &from, n);
	} while (written < 0 && errno == EINTR);
	/* not for files opened with O_APPEND, nor on older kernels for terminals */
	if (written < 0 && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
		return write_copied(fd, file, n, place);
	if (written == 0) {
		errno = EIO;
		return -1;
	}
	return written;
}

ssize_t covey_output_write(const struct covey_output *output, uint64_t offset, uint64_t n, int fd)
{
	const struct store *s;
	uint64_t place;
	size_t piece;

	if (output == NULL)
		return 0;
	s = shown(output);
	piece = piece_at(s, offset, (size_t)MIN(n, (uint64_t)WRITE_CHUNK), &place);
	if (piece == 0)
		return 0;
	if (in_file(s, place))
		return write_file(fd, s->file, piece, place);
	return write_memory(fd, in_memory(s, place), piece);
}

static bool is_regular(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * Punches a hole, so that the pages are used again for the file that is written, while they are in
 * the cache. This must not be done for pipes and sockets: they refer to the pages themselves, and
 * the kernel zeroes the part of a large page that is in the hole, which the reader would see.
 */
static void release_before(struct store *s, uint64_t offset)
{
	uint64_t end = offset / RELEASE_CHUNK * RELEASE_CHUNK;

	/* in a ring, bytes before the offset are not older ones; and a ring is bounded */
	if (s->file < 0 || s->ring_max != 0 || end <= s->released)
		return;
	/* some file systems cannot punch holes: then everything is released at the end */
	(void)fallocate(s->file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->released,
	    (off_t)(end - s->released));
	s->released = end;
}

ssize_t covey_output_move(struct covey_output *output, uint64_t offset, uint64_t n, int fd)
{
	if (output != NULL && offset >= output->kept.released + RELEASE_CHUNK && is_regular(fd))
		release_before(&output->kept, MIN(offset, output->kept.total));
	return covey_output_write(output, offset, n, fd);
}

ssize_t covey_output_tail(const struct covey_output *output, void *buf, size_t n)
{
	uint64_t size = covey_output_size(output);

	return covey_output_read(output, n < size ? size - n : 0, buf, n);
}

void covey_output_free(struct covey_output *output)
{
	if (output == NULL)
		return;
	store_release(&output->kept);
	store_release(&output->noted);
	free(output);
}
