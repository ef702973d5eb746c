/*
 * A command gets its three descriptors and nothing else, and leaves nothing behind in the parent,
 * however many files that has open. Each test runs with and without clone; where there is none,
 * both times without.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroup.h"
#include "descriptors.h"
#include "fdutil.h"
#include "spawn.h"

/* longer than anybody waits, in milliseconds */
enum { PATIENCE = 60000, MANY = 2000 };

struct rig {
	struct cv_spawner spawner;
	struct cv_spawned spawned;
	struct cv_spawn what;
	const char *argv[5];
	char dir[64], file[128];
	char text[2][4096];       /* what came from stdout and stderr */
	int many[MANY];
	size_t nmany;
	int nfds;
	struct rlimit nofile;
	bool cannot_be;           /* here: to be skipped */
};

/* A third of them is not close-on-exec: the host's. */
static void open_many(struct rig *rig)
{
	struct rlimit more = rig->nofile;

	if (more.rlim_cur < MANY + 100)
		more.rlim_cur = MANY + 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &more), 0);
	for (; rig->nmany < MANY; rig->nmany++) {
		rig->many[rig->nmany] = open("/dev/zero", rig->nmany % 3 == 0 ? O_RDONLY
		    : O_RDONLY | O_CLOEXEC);
		assert_true(rig->many[rig->nmany] >= 0);
	}
	rig->nfds = count_fds();
}

static void open_rig(struct rig *rig, bool no_clone)
{
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &rig->nofile), 0);
	snprintf(rig->dir, sizeof rig->dir, "/tmp/test_spawn.XXXXXX");
	assert_non_null(mkdtemp(rig->dir));
	snprintf(rig->file, sizeof rig->file, "%s/file", rig->dir);
	assert_int_equal(cv_spawner_init(&rig->spawner, rig->dir, no_clone), 0);
	rig->what.argv = rig->argv;
	rig->what.envp = (const char *const *)(uintptr_t)environ;
	rig->what.search = "/usr/bin:/bin";
	rig->what.cgroup_fd = -1;
	rig->what.stdin_source = COVEY_STDIN_NULL;
	rig->nfds = count_fds();
}

static void assert_left_alone(const struct rig *rig)
{
	struct stat st;

	for (int i = 0; rig->spawner.clone && i < 3; i++) {
		assert_int_equal(fstat(rig->spawner.low[i], &st), 0);
		assert_true(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
		assert_int_equal(fcntl(rig->spawner.low[i], F_GETFD), FD_CLOEXEC);
	}
	assert_int_equal(count_fds(), rig->nfds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void close_rig(struct rig *rig)
{
	assert_left_alone(rig);
	cv_spawner_release(&rig->spawner);
	while (rig->nmany > 0)
		close(rig->many[--rig->nmany]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &rig->nofile), 0);
	unlink(rig->file);
	assert_int_equal(rmdir(rig->dir), 0);
}

static void put(const struct rig *rig, const char *text, mode_t mode)
{
	int fd = open(rig->file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

/* To the end: an end that is open here would keep it from coming. */
static void read_whole(int fd, char *text, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	size_t used = 0;
	ssize_t n;

	do {
		assert_true(used + 1 < size);
		assert_int_equal(poll(&pfd, 1, PATIENCE), 1);
		n = read(fd, text + used, size - 1 - used);
		used += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)));
	assert_int_equal(n, 0);
	text[used] = '\0';
	close(fd);
}

static int finish(struct rig *rig)
{
	int status;

	read_whole(rig->spawned.out, rig->text[0], sizeof rig->text[0]);
	read_whole(rig->spawned.err, rig->text[1], sizeof rig->text[1]);
	assert_int_equal(waitpid(rig->spawned.pid, &status, 0), rig->spawned.pid);
	cv_fd_close(&rig->spawned.pidfd);
	return status;
}

static void start_sh(struct rig *rig, const char *script)
{
	rig->argv[0] = "sh";
	rig->argv[1] = "-c";
	rig->argv[2] = script;
	assert_int_equal(cv_spawn(&rig->spawner, &rig->what, &rig->spawned), 0);
}

static void sh(struct rig *rig, const char *script)
{
	start_sh(rig, script);
	assert_int_equal(finish(rig), 0);
	assert_left_alone(rig);
}

static void assert_fails(struct rig *rig, const char *step, int sys_errno)
{
	assert_int_equal(cv_spawn(&rig->spawner, &rig->what, &rig->spawned), -1);
	assert_string_equal(rig->spawned.step, step);
	assert_int_equal(rig->spawned.sys_errno, sys_errno);
	assert_false(rig->spawned.exhausted);
	assert_left_alone(rig);
}

/* ---- descriptors ---- */

/* The glob's own descriptor is gone when its results are looked at. */
#define FDS "for f in /proc/$$/fd/*; do [ ! -h $f ] || printf '%s ' ${f##*/}; done; "
#define LIST FDS "cat; echo error >&2"

static void has_three_descriptors(struct rig *rig)
{
	for (int i = 0; i < 2; i++) {
		sh(rig, LIST);
		assert_string_equal(rig->text[0], "0 1 2 ");
		assert_string_equal(rig->text[1], "error\n");
		if (i == 0)
			open_many(rig);
	}
}

static void reads_what_it_is_given(struct rig *rig)
{
	int saved;

	open_many(rig);
	put(rig, "in a file", 0600);
	sh(rig, "cat; echo .");
	assert_string_equal(rig->text[0], ".\n");
	rig->what.stdin_source = COVEY_STDIN_BYTES;
	rig->what.stdin_bytes = "some bytes";
	rig->what.stdin_len = 10;
	sh(rig, LIST);
	assert_string_equal(rig->text[0], "0 1 2 some bytes");
	rig->what.stdin_source = COVEY_STDIN_FILE;
	rig->what.stdin_path = rig->file;
	sh(rig, LIST);
	assert_string_equal(rig->text[0], "0 1 2 in a file");
	rig->what.stdin_source = COVEY_STDIN_INHERIT;
	saved = dup(0);
	close(0);
	assert_int_equal(open(rig->file, O_RDONLY), 0);
	start_sh(rig, "cat");
	assert_int_equal(finish(rig), 0);
	assert_true(saved < 0 ? close(0) == 0 : dup2(saved, 0) == 0 && close(saved) == 0);
	assert_string_equal(rig->text[0], "in a file");
}

static void keeps_what_it_inherits(struct rig *rig)
{
	struct cv_child_settings settings = { .ninherit_fds = 1 };
	char expected[64];

	open_many(rig);
	settings.inherit_fds = &rig->many[MANY - 1];
	rig->spawner.settings = &settings;
	sh(rig, FDS);
	snprintf(expected, sizeof expected, "0 1 2 %d ", rig->many[MANY - 1]);
	assert_string_equal(rig->text[0], expected);
}

static void comes_with_a_pidfd(struct rig *rig)
{
	struct pollfd pfd = { .events = POLLIN };

	rig->spawner.want_pidfd = true;
	start_sh(rig, "exit 7");
	assert_true(rig->spawner.clone == (rig->spawned.pidfd >= 3));
	pfd.fd = rig->spawned.pidfd;
	if (rig->spawner.clone) {
		assert_int_equal(fcntl(pfd.fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(poll(&pfd, 1, PATIENCE), 1);
	}
	assert_int_equal(finish(rig), W_EXITCODE(7, 0));
}

/* ---- what cannot be started ---- */

/* Under valgrind vfork is fork: what the child writes, such as why exec failed, is lost. */
static bool vfork_shares(void)
{
	volatile bool written = false;
	pid_t pid = vfork();

	if (pid == 0) {
		written = true;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return written;
}

static void names_the_step_that_failed(struct rig *rig)
{
	rig->cannot_be = !vfork_shares();
	if (rig->cannot_be)
		return;
	open_many(rig);
	rig->spawner.want_pidfd = true;
	rig->argv[0] = rig->file;
	put(rig, "#!/nonexistent\n", 0700);
	assert_fails(rig, "exec", ENOENT);
	put(rig, "echo", 0600);
	assert_fails(rig, "exec", EACCES);
	rig->argv[0] = "sh";
	rig->what.cwd = rig->file;
	assert_fails(rig, "chdir", ENOTDIR);
}

static void text_is_for_the_shell(struct rig *rig)
{
	rig->cannot_be = !vfork_shares();
	if (rig->cannot_be)
		return;
	open_many(rig);
	put(rig, "echo \"$1\"", 0700);
	rig->argv[0] = rig->file;
	rig->argv[1] = "an argument";
	assert_int_equal(cv_spawn(&rig->spawner, &rig->what, &rig->spawned), 0);
	assert_int_equal(finish(rig), 0);
	assert_string_equal(rig->text[0], "an argument\n");
}

/* ---- cgroups ---- */

static void runs_without_its_cgroup(struct rig *rig)
{
	rig->what.cgroup_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	rig->nfds = count_fds();
	sh(rig, "echo here");
	assert_string_equal(rig->text[0], "here\n");
	cv_fd_close(&rig->what.cgroup_fd);
	rig->nfds--;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

static void run_in(struct rig *rig, struct cv_cgroup *cgroup)
{
	char end[80];

	snprintf(end, sizeof end, "/%s/1\n", cgroup->name);
	rig->nfds = count_fds();
	sh(rig, "grep ^0:: /proc/self/cgroup");
	assert_non_null(strstr(rig->text[0], end));
}

/* With few files open, and with so many that its cgroup's descriptor has a high number. */
static void runs_in_a_killed_cgroup(struct rig *rig)
{
	struct cv_cgroup cgroup;
	bool killed = false;
	ino_t old;

	rig->cannot_be = cv_cgroup_init(&cgroup, "spawn") != 0;
	if (rig->cannot_be)
		return;
	for (int i = 0; i < 2; i++) {
		rig->what.cgroup_fd = cv_cgroup_open(&cgroup, 0, &killed);
		run_in(rig, &cgroup);
		cv_cgroup_kill(&cgroup, 0);
		run_in(rig, &cgroup);
		old = inode_of(rig->what.cgroup_fd);
		cv_fd_close(&rig->what.cgroup_fd);
		/* as it is, and made anew */
		rig->what.cgroup_fd = cv_cgroup_open(&cgroup, 0, &killed);
		assert_true(inode_of(rig->what.cgroup_fd) == old);
		cv_fd_close(&rig->what.cgroup_fd);
		killed = true;
		rig->what.cgroup_fd = cv_cgroup_open(&cgroup, 0, &killed);
		assert_false(killed);
		assert_true(inode_of(rig->what.cgroup_fd) != old);
		run_in(rig, &cgroup);
		cv_fd_close(&rig->what.cgroup_fd);
		if (i == 0)
			open_many(rig);
	}
	cv_cgroup_release(&cgroup);
	rig->nfds = count_fds();
}

/* A cgroup that cannot be removed, as there is one in it, stays; and is asked for again. */
static void a_cgroup_that_stays(struct rig *rig)
{
	struct cv_cgroup cgroup;
	bool killed = true;
	ino_t old;

	rig->cannot_be = cv_cgroup_init(&cgroup, "spawn") != 0;
	if (rig->cannot_be)
		return;
	assert_int_equal(mkdirat(cgroup.dir_fd, "1/below", 0755), 0);
	rig->what.cgroup_fd = cv_cgroup_open(&cgroup, 0, &killed);
	assert_true(killed);
	cv_cgroup_kill(&cgroup, 0);
	run_in(rig, &cgroup);
	old = inode_of(rig->what.cgroup_fd);
	cv_fd_close(&rig->what.cgroup_fd);
	assert_int_equal(unlinkat(cgroup.dir_fd, "1/below", AT_REMOVEDIR), 0);
	/* somebody else may have removed it altogether */
	assert_int_equal(unlinkat(cgroup.dir_fd, "1", AT_REMOVEDIR), 0);
	rig->what.cgroup_fd = cv_cgroup_open(&cgroup, 0, &killed);
	assert_false(killed);
	assert_true(inode_of(rig->what.cgroup_fd) != old);
	run_in(rig, &cgroup);
	cv_fd_close(&rig->what.cgroup_fd);
	cv_cgroup_release(&cgroup);
	rig->nfds = count_fds();
}

/* Where no child could ever be started in its cgroup, that is not tried for ever. */
static void gives_up_on_starting_in_cgroups(struct rig *rig)
{
	struct cv_cgroup cgroup;
	bool killed = false;

	rig->cannot_be = !rig->spawner.clone || cv_cgroup_init(&cgroup, "spawn") != 0;
	if (rig->cannot_be)
		return;
	rig->what.cgroup_fd = cv_cgroup_open(&cgroup, 0, &killed);
	cv_cgroup_kill(&cgroup, 0);
	for (int i = 0; i < 5; i++)
		run_in(rig, &cgroup);
	assert_int_equal(rig->spawner.outside_cgroup, 3);
	assert_false(rig->spawner.inside_cgroup);
	cv_fd_close(&rig->what.cgroup_fd);
	cv_cgroup_release(&cgroup);
	rig->nfds = count_fds();
}

/* ---- both ways ---- */

struct body {
	void (*test)(struct rig *rig);
	bool no_clone;
};

static void run_body(void **state)
{
	const struct body *body = *state;
	static struct rig rig;

	memset(&rig, 0, sizeof rig);
	open_rig(&rig, body->no_clone);
	assert_false(body->no_clone && rig.spawner.clone);
	body->test(&rig);
	close_rig(&rig);
	if (rig.cannot_be)
		skip();
}

#define BOTH(test) \
	{ #test, run_body, NULL, NULL, &(struct body){ test, false } }, \
	{ #test " (without clone)", run_body, NULL, NULL, &(struct body){ test, true } }

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(has_three_descriptors),
		BOTH(reads_what_it_is_given),
		BOTH(keeps_what_it_inherits),
		BOTH(comes_with_a_pidfd),
		BOTH(names_the_step_that_failed),
		BOTH(text_is_for_the_shell),
		BOTH(runs_without_its_cgroup),
		BOTH(runs_in_a_killed_cgroup),
		BOTH(a_cgroup_that_stays),
		{ "gives_up_on_starting_in_cgroups", run_body, NULL, NULL,
		    &(struct body){ gives_up_on_starting_in_cgroups, false } },
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
