/*
 * note - what a function's child leaves behind besides its result: why it failed, and where
 *
 * Level 1, mechanism. A page of memory that parent and child share, so that telling needs no system
 * call and works in a signal handler. It is a mapped memfd whose name stands in /proc/PID/maps of
 * the child and of whatever it forks: that is what their tree is known by, since they have the
 * environment of the host, which names no attempt. One a slot, made at its first function.
 */
#ifndef CV_NOTE_H
#define CV_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum { CV_NOTE_TEXT = 1024, CV_NOTE_FRAMES = 64 };

struct cv_note {
	char text[CV_NOTE_TEXT];       /* why the function failed; "": it did not say */
	int failed_errno;              /* before it was called, this failed; 0: nothing did */
	int failed_step;               /* in what: see cv_child_step */
	int nframes;
	void *frames[CV_NOTE_FRAMES];  /* where it crashed, innermost first */
};

/* Maps a note with a name for the run and the slot. Returns NULL with errno. */
struct cv_note *cv_note_new(const char *run_id, unsigned slot);
void cv_note_free(struct cv_note *note);

/* Children forked from here on have the note, too, or don't. Returns 0, or -1 with errno. */
int cv_note_share(struct cv_note *note, bool share);

/* Empties the note for another attempt. */
void cv_note_clear(struct cv_note *note);

/* Copies the first line of the text into buf; false if there is none. */
bool cv_note_text(const struct cv_note *note, char *buf, size_t size);

/*
 * The frames in words, a line each; the caller frees it. NULL if there are none. The child is a
 * copy of this process, so its addresses mean the same here.
 */
char *cv_note_backtrace(const struct cv_note *note);

/*
 * The slot, from 0, whose note of this run the process has mapped; -1: none (errno is 0), or it
 * cannot be told (errno).
 */
int cv_note_slot_of(const char *run_id, pid_t pid);

#endif
