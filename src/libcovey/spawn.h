/*
 * spawn - starting one child: its pipes, its stdin, its program
 *
 * Level 1, mechanism: knows no tasks, and not why a child is started.
 */
#ifndef CV_SPAWN_H
#define CV_SPAWN_H

#include "child.h"
#include "covey.h"
#include "path.h"

/* What the children of one executor have in common. */
struct cv_spawner {
	struct cv_path path;
	int null_fd;                     /* /dev/null, to read and write */
	int low[CV_NSTDIO];              /* /dev/null, too: low numbers kept for children; or -1 */
	uint64_t handled;                /* as in struct cv_child, if it is known */
	bool handled_known;
	const struct rlimit *nofile;     /* as in struct cv_child */
	const struct cv_child_settings *settings;  /* as there */
	bool new_group, die_with_parent, inherit_output, inherit_fds;
	bool clone, want_pidfd;          /* as there */
	unsigned outside_cgroup;         /* children that could not be started in their cgroups */
	bool inside_cgroup;              /* one could: outside_cgroup is not counted any further */
	const char *tmpdir;
};

struct cv_spawn {
	const char *const *argv;
	const char *const *envp;
	const char *search;              /* PATH, or NULL */
	const char *cwd;
	int cgroup_fd;                   /* as in struct cv_child */
	enum covey_stdin stdin_source;
	const char *stdin_path;
	const void *stdin_bytes;
	size_t stdin_len;
	int stdin_fd;
	struct cv_call *call;            /* a function to be called in the child; NULL: a command */
};

/* The started child, or why there is none. */
struct cv_spawned {
	pid_t pid;
	int out, err;                    /* read ends; -1 where output is inherited */
	int result;                      /* the same for a function's result; -1 for commands */
	int pidfd;                       /* -1: to be opened */
	int sys_errno;
	const char *step;
	bool exhausted;                  /* descriptors, processes or memory ran out: may pass */
};

/*
 * Opens what is needed. no_clone says that vfork is used even where clone3 works. Returns 0, or -1
 * with errno.
 */
int cv_spawner_init(struct cv_spawner *spawner, const char *tmpdir, bool no_clone);
void cv_spawner_release(struct cv_spawner *spawner);

/* To be called when the host may have changed its signal handlers. */
void cv_spawner_look_again(struct cv_spawner *spawner);

/* Starts a child. Returns 0, or -1 with step, sys_errno and exhausted filled in. */
int cv_spawn(struct cv_spawner *spawner, const struct cv_spawn *what, struct cv_spawned *spawned);

#endif
