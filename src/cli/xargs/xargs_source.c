#include "cli/xargs/xargs_source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/grow.h"
#include "cli/xargs/xargs_pack.h"
#include "cli/xargs/xargs_read.h"

enum { BUFFER_SIZE = 64 << 10 };

/* What is still to come after the input. */
enum ending { ENDING_NO, ENDING_WELL, ENDING_BADLY, ENDING_OVER };

struct xargs_source {
	const struct xargs_options *options;
	struct xargs_reader *reader;
	struct xargs_pack *pack;
	struct xargs_item item;      /* waits for the line before it to be run, where has_item */
	bool has_item;
	bool given;                  /* the line in pack has been given out */
	bool ran;
	bool pollable, ready;
	int fd;
	int read_errno;
	enum ending ending;
	const char *error;
	struct span *spans;          /* of the last line's items */
	size_t spans_size;
	char buffer[BUFFER_SIZE];
};

const char xargs_nul_warning[] = "WARNING: a NUL character occurred in the input.  It cannot be "
    "passed through in the argument list.  Did you mean to use the --null option?";

static int open_input(struct xargs_source *s, bool patient)
{
	const char *path = s->options->arg_file;
	struct stat st;

	s->fd = path == NULL ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return -1;
	/* files are always ready, and cannot be watched */
	s->pollable = !patient && fstat(s->fd, &st) == 0 && !S_ISREG(st.st_mode)
	    && !S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode);
	return 0;
}

static int make_parts(struct xargs_source *s)
{
	const struct xargs_options *o = s->options;
	struct xargs_read_options reading = {
		.delimiter = o->delimiter, .lines = o->replace != NULL, .eof = o->eof,
	};
	struct xargs_pack_options packing = {
		.command = o->command, .ncommand = o->ncommand, .replace = o->replace,
		.max_args = o->max_args, .max_lines = o->max_lines, .max_chars = o->max_chars,
		/* unsupervised, a line that is too long is noticed when it is run, as by xargs */
		.max_kernel = o->supervised ? o->max_kernel : 0, .exit = o->exit,
	};

	s->reader = xargs_reader_new(&reading);
	s->pack = xargs_pack_new(&packing);
	return s->reader == NULL || s->pack == NULL ? -1 : 0;
}

struct xargs_source *xargs_source_open(const struct xargs_options *o, bool patient)
{
	struct xargs_source *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->options = o;
	s->fd = -1;
	if (open_input(s, patient) == 0 && make_parts(s) == 0)
		return s;
	xargs_source_close(s);
	return NULL;
}

void xargs_source_close(struct xargs_source *s)
{
	int saved = errno;

	if (s == NULL)
		return;
	/* for the next reader, as in { xargs -E end …; cat; } <file; a pipe cannot be wound back */
	if (s->fd == STDIN_FILENO && s->reader != NULL && xargs_reader_left(s->reader) > 0)
		lseek(s->fd, -(off_t)xargs_reader_left(s->reader), SEEK_CUR);
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	xargs_reader_free(s->reader);
	xargs_pack_free(s->pack);
	free(s->spans);
	free(s);
	errno = saved;
}

int xargs_source_fd(const struct xargs_source *s)
{
	return s->pollable ? s->fd : -1;
}

void xargs_source_ready(struct xargs_source *s)
{
	s->ready = true;
}

void xargs_source_ran(struct xargs_source *s)
{
	s->ran = true;
}

const char *xargs_source_error(const struct xargs_source *s)
{
	return s->error;
}

int xargs_source_read_errno(const struct xargs_source *s)
{
	return s->read_errno;
}

bool xargs_source_has_more(const struct xargs_source *s)
{
	int waiting = 0;

	if (s->ending != ENDING_NO)
		return false;
	if (s->has_item || xargs_reader_left(s->reader) > 0
	    || (!s->given && xargs_pack_has_items(s->pack)))
		return true;
	return ioctl(s->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

/* Returns false if reading has to wait. A read error ends the input. */
static bool read_more(struct xargs_source *s)
{
	ssize_t n;

	if (s->pollable && !s->ready)
		return false;
	s->ready = false;
	do
		n = read(s->fd, s->buffer, sizeof s->buffer);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN && s->pollable)
		return false;
	if (n < 0)
		s->read_errno = errno;
	xargs_reader_give(s->reader, s->buffer, n > 0 ? (size_t)n : 0);
	return true;
}

/* ---- lines ---- */

static int reserve_spans(struct xargs_source *s, size_t n)
{
	struct span *spans = grow(s->spans, &s->spans_size, n, sizeof *spans);

	if (spans == NULL)
		return -1;
	s->spans = spans;
	return 0;
}

int xargs_source_record(struct xargs_source *s, const char *const *argv, struct record *record)
{
	const char *const *items = argv + s->options->ncommand;
	size_t n = 0;

	if (s->options->replace != NULL || *items == NULL) {
		const char *item = s->options->replace != NULL ? s->item.text : "";

		record_set_one(record, item, strlen(item));
		return 0;
	}
	while (items[n] != NULL)
		n++;
	if (reserve_spans(s, n) != 0)
		return -1;
	record->items = s->spans;
	record->nitems = n;
	record->bytes = 0;
	for (size_t i = 0; i < n; i++) {
		s->spans[i] = (struct span){ items[i], strlen(items[i]) };
		record->bytes += s->spans[i].len;
	}
	return 0;
}

static enum xargs_next give_out(struct xargs_source *s, const char *const **argv)
{
	*argv = xargs_pack_line(s->pack);
	s->given = true;
	if (*argv != NULL)
		return XARGS_NEXT_LINE;
	s->error = "memory exhausted";
	s->ending = ENDING_OVER;
	return XARGS_NEXT_BAD;
}

static enum xargs_next fail(struct xargs_source *s, const char *error)
{
	s->error = error;
	s->ending = ENDING_OVER;
	return XARGS_NEXT_BAD;
}

/* An error ends the input; what was read before is run first, unless -x forbids it. */
static enum xargs_next fail_after_pending(struct xargs_source *s, const char *error,
    const char *const **argv)
{
	if (s->options->exit || !xargs_pack_has_items(s->pack))
		return fail(s, error);
	s->error = error;
	s->ending = ENDING_BADLY;
	return give_out(s, argv);
}

static enum xargs_next end(struct xargs_source *s, const char *const **argv)
{
	if (xargs_reader_failed(s->reader))
		return fail(s, "memory exhausted");
	s->ending = ENDING_WELL;
	if (xargs_pack_has_items(s->pack))
		return give_out(s, argv);
	s->ending = ENDING_OVER;
	if (s->ran || s->options->no_run_if_empty || s->options->replace != NULL)
		return XARGS_NEXT_END;
	return give_out(s, argv);
}

/* What comes after the last line. */
static enum xargs_next after(struct xargs_source *s, const char *const **argv)
{
	switch (s->ending) {
	case ENDING_BADLY:
		return fail(s, s->error);
	case ENDING_WELL:
		return end(s, argv);
	case ENDING_NO:
	case ENDING_OVER:
		break;
	}
	return s->error != NULL ? XARGS_NEXT_BAD : XARGS_NEXT_END;
}

/* Adds the item that has been read; XARGS_NEXT_LATER: and goes on reading. */
static enum xargs_next add(struct xargs_source *s, const char *const **argv)
{
	enum xargs_packed packed = xargs_pack_add(s->pack, &s->item);

	s->has_item = packed == PACK_RUN_FIRST;
	switch (packed) {
	case PACK_PENDING:
		return XARGS_NEXT_LATER;
	case PACK_COMPLETE:
	case PACK_RUN_FIRST:
		return give_out(s, argv);
	case PACK_NO_ROOM:
		return fail(s, "cannot fit single argument within argument list size limit");
	case PACK_LIST_TOO_LONG:
		return fail(s, "argument list too long");
	case PACK_COMMAND_TOO_LONG:
		return fail(s, "command too long");
	case PACK_NO_MEMORY:
		break;
	}
	return fail(s, "memory exhausted");
}

static enum xargs_next read_on(struct xargs_source *s, const char *const **argv)
{
	for (;;) {
		enum xargs_next result = XARGS_NEXT_LATER;

		switch (xargs_reader_next(s->reader, xargs_pack_room(s->pack), &s->item)) {
		case XARGS_ITEM:
			result = add(s, argv);
			break;
		case XARGS_MORE:
			if (!read_more(s))
				return XARGS_NEXT_LATER;
			break;
		case XARGS_NUL:
			return XARGS_NEXT_NUL;
		case XARGS_END:
			return end(s, argv);
		case XARGS_UNMATCHED:
			return fail_after_pending(s, xargs_reader_quote(s->reader) == '"'
			    ? "unmatched double quote; by default quotes are special to xargs unless you "
			      "use the -0 option"
			    : "unmatched single quote; by default quotes are special to xargs unless you "
			      "use the -0 option", argv);
		case XARGS_TOO_LONG:
			return fail_after_pending(s, "argument line too long", argv);
		}
		if (result != XARGS_NEXT_LATER)
			return result;
	}
}

enum xargs_next xargs_source_next(struct xargs_source *s, const char *const **argv)
{
	enum xargs_next result = XARGS_NEXT_LATER;

	if (s->given)
		xargs_pack_clear(s->pack);
	s->given = false;
	if (s->ending != ENDING_NO)
		return after(s, argv);
	if (s->options->replace == NULL && !xargs_pack_fits(s->pack))
		return fail(s, "cannot fit single argument within argument list size limit");
	if (s->has_item)
		result = add(s, argv);
	return result == XARGS_NEXT_LATER ? read_on(s, argv) : result;
}
