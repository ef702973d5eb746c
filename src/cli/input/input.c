#include "cli/input/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* a record longer than this is no item but a mistake, such as a wrong delimiter */
enum { FIRST_SIZE = 64 << 10, MAX_RECORD = 64 << 20 };

struct input {
	struct input_options options;
	size_t next_item;
	int fd;                 /* -1: items */
	bool pollable, ready;
	bool ended;
	char *buf;
	size_t start, len, cap;
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
		error_set(err, "out of memory");
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
	free(input->buf);
	free(input);
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
	if (input->len > 0)
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

/* Makes room for more behind what is there, and for a NUL. */
static int make_room(struct input *input)
{
	char *buf;
	size_t cap = input->cap == 0 ? FIRST_SIZE : input->cap * 2;

	if (input->start > 0) {
		memmove(input->buf, input->buf + input->start, input->len);
		input->start = 0;
	}
	if (input->len + 1 < input->cap)
		return 0;
	if (input->len >= MAX_RECORD) {
		errno = EFBIG;
		return -1;
	}
	buf = realloc(input->buf, cap);
	if (buf == NULL)
		return -1;
	input->buf = buf;
	input->cap = cap;
	return 0;
}

static void blame(const struct input *input, uint64_t line, const char *what,
    struct error *err)
{
	error_set(err, "%s:%llu: %s", input_name(input), (unsigned long long)line, what);
}

/* Reads more; INPUT_RECORD: there is more to look at. */
static enum input_result fill(struct input *input, struct error *err)
{
	ssize_t n;

	if (input->pollable && !input->ready)
		return INPUT_LATER;
	if (make_room(input) != 0) {
		blame(input, input->line + 1, errno == EFBIG ? "no end of this item within 64 MiB"
		    : strerror(errno), err);
		return INPUT_BAD;
	}
	do
		n = read(input->fd, input->buf + input->start + input->len,
		    input->cap - input->start - input->len - 1);
	while (n < 0 && errno == EINTR);
	input->ready = false;
	if (n < 0 && errno == EAGAIN)
		return INPUT_LATER;
	if (n < 0) {
		error_set(err, "cannot read '%s': %s", input_name(input), strerror(errno));
		return INPUT_BAD;
	}
	input->ended = n == 0;
	input->len += (size_t)n;
	return INPUT_RECORD;
}

static enum input_result take(struct input *input, size_t len, size_t skip,
    struct input_record *record, struct error *err)
{
	char *text = input->buf + input->start;
	bool has_nul = input->options.delimiter != '\0' && memchr(text, '\0', len) != NULL;

	text[len] = '\0';
	record->text = text;
	record->len = len;
	record->line = ++input->line;
	input->start += len + skip;
	input->len -= len + skip;
	input->searched = 0;
	if (!has_nul)
		return INPUT_RECORD;
	blame(input, record->line, "it contains a NUL byte and is left out; if items end in NUL, "
	    "use -0", err);
	return INPUT_REFUSED;
}

static enum input_result next_record(struct input *input, struct input_record *record,
    struct error *err)
{
	for (;;) {
		/* before the first read there is no buffer, and no arithmetic on it */
		const char *end = input->len == input->searched ? NULL
		    : memchr(input->buf + input->start + input->searched, input->options.delimiter,
		    input->len - input->searched);
		enum input_result result;

		if (end != NULL)
			return take(input, (size_t)(end - (input->buf + input->start)), 1, record, err);
		input->searched = input->len;
		if (input->ended)
			return input->len == 0 ? INPUT_END : take(input, input->len, 0, record, err);
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
