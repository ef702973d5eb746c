#include "cli/input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

/* a longer record is taken for a mistake, such as a wrong delimiter */
enum { READ_SIZE = 64 << 10, MAX_RECORD = 64 << 20 };

struct input {
	struct input_options options;
	size_t next_item;
	int fd;                 /* -1: items */
	bool pollable, ready;
	bool ended;
	struct buf buf;
	size_t start;           /* of what has not been given out */
	size_t searched;        /* bytes from start on that hold no delimiter */
	uint64_t line;
};

const char *input_name(const struct input *input)
{
	if (input->options.given)
		return ":::";
	if (input->options.path == NULL || strcmp(input->options.path, "-") == 0)
		return "standard input";
	return input->options.path;
}

static int open_file(struct input *input, struct error *err)
{
	const char *path = input->options.path;
	struct stat st;

	/* O_NONBLOCK, so that a FIFO is open at once, and not only when somebody writes to it */
	input->fd = path == NULL || strcmp(path, "-") == 0 ? STDIN_FILENO
	    : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (input->fd < 0 || fstat(input->fd, &st) != 0)
		return error_set(err, "cannot open '%s': %s", input_name(input), strerror(errno));
	if (S_ISDIR(st.st_mode))
		return error_set(err, "cannot read '%s': it is a directory", input_name(input));
	/* files are always ready, and cannot be watched */
	input->pollable = !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode);
	return 0;
}

struct input *input_open(const struct input_options *options, struct error *err)
{
	struct input *input = calloc(1, sizeof *input);

	if (input == NULL) {
		error_no_memory(err);
		return NULL;
	}
	input->options = *options;
	input->fd = -1;
	if (options->given || open_file(input, err) == 0)
		return input;
	input_close(input);
	return NULL;
}

void input_close(struct input *input)
{
	if (input == NULL)
		return;
	if (input->fd > STDERR_FILENO)
		close(input->fd);
	buf_release(&input->buf);
	free(input);
}

/* Bytes that were read and have not been given out. */
static size_t left(const struct input *input)
{
	return input->buf.len - input->start;
}

int input_fd(const struct input *input)
{
	return input->pollable ? input->fd : -1;
}

void input_ready(struct input *input)
{
	input->ready = true;
}

bool input_has_more(const struct input *input)
{
	int waiting = 0;

	if (input->fd < 0)
		return input->next_item < input->options.nitems;
	if (left(input) > 0)
		return true;
	return !input->ended && ioctl(input->fd, FIONREAD, &waiting) == 0 && waiting > 0;
}

static enum input_result next_item(struct input *input, struct input_record *record)
{
	if (input->next_item == input->options.nitems)
		return INPUT_END;
	record->text = input->options.items[input->next_item++];
	record->len = strlen(record->text);
	record->line = input->next_item;
	return INPUT_RECORD;
}

static void blame(const struct input *input, uint64_t line, const char *what,
    struct error *err)
{
	error_set(err, "%s:%llu: %s", input_name(input), (unsigned long long)line, what);
}

/* Makes room for more after what is there. */
static enum input_result make_room(struct input *input, struct error *err)
{
	buf_drop(&input->buf, input->start);
	input->start = 0;
	if (left(input) >= MAX_RECORD) {
		blame(input, input->line + 1, "item longer than 64 MiB", err);
		return INPUT_BAD;
	}
	if (buf_reserve(&input->buf, READ_SIZE) == 0)
		return INPUT_RECORD;
	blame(input, input->line + 1, "out of memory", err);
	return INPUT_BAD;
}

/* Reads more; INPUT_RECORD: there is more to look at. */
static enum input_result fill(struct input *input, struct error *err)
{
	ssize_t n;

	if (input->pollable && !input->ready)
		return INPUT_LATER;
	if (make_room(input, err) != INPUT_RECORD)
		return INPUT_BAD;
	do
		n = read(input->fd, input->buf.at + input->buf.len,
		    input->buf.size - input->buf.len - 1);
	while (n < 0 && errno == EINTR);
	input->ready = false;
	if (n < 0 && errno == EAGAIN)
		return INPUT_LATER;
	if (n < 0) {
		error_set(err, "cannot read '%s': %s", input_name(input), strerror(errno));
		return INPUT_BAD;
	}
	input->ended = n == 0;
	input->buf.len += (size_t)n;
	return INPUT_RECORD;
}

static enum input_result take(struct input *input, size_t len, size_t skip,
    struct input_record *record, struct error *err)
{
	char *text = input->buf.at + input->start;
	bool has_nul = input->options.delimiter != '\0' && memchr(text, '\0', len) != NULL;

	text[len] = '\0';
	record->text = text;
	record->len = len;
	record->line = ++input->line;
	input->start += len + skip;
	input->searched = 0;
	if (!has_nul)
		return INPUT_RECORD;
	blame(input, record->line, "item with a NUL byte left out; use -0 if NUL ends each item", err);
	return INPUT_REFUSED;
}

static enum input_result next_record(struct input *input, struct input_record *record,
    struct error *err)
{
	for (;;) {
		/* before the first read the buffer is NULL */
		const char *end = left(input) == input->searched ? NULL
		    : memchr(input->buf.at + input->start + input->searched, input->options.delimiter,
		    left(input) - input->searched);
		enum input_result result;

		if (end != NULL)
			return take(input, (size_t)(end - (input->buf.at + input->start)), 1, record, err);
		input->searched = left(input);
		if (input->ended)
			return left(input) == 0 ? INPUT_END : take(input, left(input), 0, record, err);
		result = fill(input, err);
		if (result != INPUT_RECORD)
			return result;
	}
}

enum input_result input_next(struct input *input, struct input_record *record,
    struct error *err)
{
	enum input_result result;

	do
		result = input->fd < 0 ? next_item(input, record) : next_record(input, record, err);
	while (result == INPUT_RECORD && record->len == 0 && input->fd >= 0
	    && !input->options.empty_records);
	return result;
}
