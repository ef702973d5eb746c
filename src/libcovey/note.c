#include "note.h"

#include <bsd/string.h>
#include <ctype.h>
#include <errno.h>
#include <execinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fdutil.h"

struct cv_note *cv_note_new(const char *run_id, unsigned slot)
{
	char name[128];
	void *at = MAP_FAILED;
	int fd;

	snprintf(name, sizeof name, "covey-%.64s-%u", run_id, slot + 1);
	fd = memfd_create(name, MFD_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (ftruncate(fd, sizeof(struct cv_note)) == 0)
		at = mmap(NULL, sizeof(struct cv_note), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	cv_fd_close(&fd);
	if (at == MAP_FAILED)
		return NULL;
	/* a process that has the note belongs to the slot, so no other child may have it */
	if (madvise(at, sizeof(struct cv_note), MADV_DONTFORK) == 0)
		return at;
	munmap(at, sizeof(struct cv_note));
	return NULL;
}

int cv_note_share(struct cv_note *note, bool share)
{
	return madvise(note, sizeof *note, share ? MADV_DOFORK : MADV_DONTFORK);
}

void cv_note_free(struct cv_note *note)
{
	if (note != NULL)
		munmap(note, sizeof *note);
}

void cv_note_clear(struct cv_note *note)
{
	note->text[0] = '\0';
	note->nframes = note->failed_errno = 0;
}

bool cv_note_text(const struct cv_note *note, char *buf, size_t size)
{
	size_t len = strnlen(note->text, sizeof note->text);

	len = len < size ? len : size - 1;
	memcpy(buf, note->text, len);
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf[0] != '\0';
}

static char *join_lines(char **lines, int n)
{
	size_t size = 1;
	char *text;
	int i;

	for (i = 0; i < n; i++)
		size += strlen(lines[i]) + 1;
	text = malloc(size);
	if (text == NULL)
		return NULL;
	text[0] = '\0';
	for (i = 0; i < n; i++) {
		strlcat(text, lines[i], size);
		strlcat(text, "\n", size);
	}
	return text;
}

char *cv_note_backtrace(const struct cv_note *note)
{
	int n = note->nframes;
	char **lines, *text;

	if (n <= 0 || n > CV_NOTE_FRAMES)
		return NULL;
	lines = backtrace_symbols(note->frames, n);
	if (lines == NULL)
		return NULL;
	text = join_lines(lines, n);
	free(lines);
	return text;
}

int cv_note_slot_of(const char *run_id, pid_t pid)
{
	char name[128], path[32], *line = NULL;
	size_t size = 0;
	int slot = -1;
	FILE *maps;

	snprintf(name, sizeof name, "/memfd:covey-%.64s-", run_id);
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (maps == NULL)
		return -1;
	while (slot < 0 && getline(&line, &size, maps) > 0) {
		const char *at = strstr(line, name);

		if (at != NULL && isdigit((unsigned char)at[strlen(name)]))
			slot = (int)strtol(at + strlen(name), NULL, 10) - 1;
	}
	free(line);
	fclose(maps);
	errno = 0;
	return slot;
}
