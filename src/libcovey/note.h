/*
 * note - what a function's child tells besides its result: why it failed, and where it crashed
 *
 * Level 1, mechanism. A note is memory that parent and child share, so that the child needs no
 * system call to write to it, and can do so in a signal handler. It is a mapped memfd, whose name
 * is in /proc/PID/maps of the child and of every process that it forks. By that name the processes
 * of the tree are known, since they have the environment of the host, which names no attempt. Each
 * slot has one note, made when its first function starts.
 */
#ifndef CV_NOTE_H
#define CV_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CV_NOTE_TEXT = 1024, CV_NOTE_FRAMES = 64 };

struct cv_note {
	char text[CV_NOTE_TEXT];       /* why the function failed; "": it did not say */
	int failed_errno;              /* what failed before the function was called; 0: nothing */
	int failed_step;               /* the step that failed: see cv_child_step */
	int nframes;
	void *frames[CV_NOTE_FRAMES];  /* where it crashed, innermost first */
};

/* Maps a note with a name for the run and the slot. Returns NULL with errno. */
struct cv_note *cv_note_new(const char *run_id, unsigned slot);
void cv_note_free(struct cv_note *note);

/* Says whether children forked from now on have the note. Returns 0, or -1 with errno. */
int cv_note_share(struct cv_note *note, bool share);

/* Empties the note for another attempt. */
void cv_note_clear(struct cv_note *note);

/* Copies the first line of the text into buf; false if there is none. */
bool cv_note_text(const struct cv_note *note, char *buf, size_t size);

/*
 * The frames as text, a line each, which the caller frees. NULL if there are none. The child is a
 * copy of this process, so its addresses mean the same here.
 */
char *cv_note_backtrace(const struct cv_note *note);

/*
 * The slot, from 0, whose note the process has mapped; -1 if it has none of this run (errno is 0),
 * or that cannot be told (errno says why).
 */
int cv_note_slot_of(const char *run_id, pid_t pid);

#endif
