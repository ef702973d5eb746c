#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"

/*
 * The test's own directory, and the current one while it runs:
 *
 *	a/         prog (a program), data (not executable), dir/ (a directory)
 *	b/         prog, data (a program here), dir (a program here)
 *	here       a program in the current directory
 */
struct place {
	char dir[64];
	int home;
	struct cv_path cache;
};

static const char *const dirs[] = { "a", "b", "a/dir" };
static const struct { const char *path; mode_t mode; } files[] = {
	{ "a/prog", 0755 }, { "a/data", 0644 }, { "b/prog", 0755 }, { "b/data", 0755 },
	{ "b/dir", 0755 }, { "here", 0755 },
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void make_file(const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static int enter(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	assert_non_null(p);
	p->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(p->home >= 0);
	snprintf(p->dir, sizeof p->dir, "/tmp/covey-path-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	assert_int_equal(chdir(p->dir), 0);
	for (size_t i = 0; i < COUNT(dirs); i++)
		assert_int_equal(mkdir(dirs[i], 0755), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		make_file(files[i].path, files[i].mode);
	*state = p;
	return 0;
}

static int leave(void **state)
{
	struct place *p = *state;

	for (size_t i = 0; i < COUNT(files); i++)
		unlink(files[i].path);
	for (size_t i = COUNT(dirs); i-- > 0; )
		rmdir(dirs[i]);
	assert_int_equal(fchdir(p->home), 0);
	assert_int_equal(rmdir(p->dir), 0);
	close(p->home);
	cv_path_release(&p->cache);
	free(p);
	return 0;
}

static void assert_found(struct place *p, const char *name, const char *search, const char *path)
{
	const char *found = cv_path_find(&p->cache, name, search);

	if (found == NULL)
		fail_msg("'%s' is not found in '%s': %s", name, search, strerror(errno));
	assert_string_equal(found, path);
}

static void assert_not_found(struct place *p, const char *name, const char *search, int why)
{
	errno = 0;
	assert_null(cv_path_find(&p->cache, name, search));
	assert_int_equal(errno, why);
}

static void in_the_order_of_the_directories(void **state)
{
	struct place *p = *state;

	assert_found(p, "prog", "a:b", "a/prog");
	assert_found(p, "prog", "b:a", "b/prog");
	assert_found(p, "prog", "missing:b:a", "b/prog");
	assert_found(p, "prog", "here:b", "b/prog");
	assert_found(p, "prog", "a/:b", "a//prog");
}

static void what_is_not_a_program_is_passed_over(void **state)
{
	struct place *p = *state;

	assert_found(p, "data", "a:b", "b/data");
	assert_found(p, "dir", "a:b", "b/dir");
}

static void why_it_is_not_found(void **state)
{
	struct place *p = *state;

	assert_not_found(p, "absent", "a:b", ENOENT);
	assert_not_found(p, "absent", "missing", ENOENT);
	assert_not_found(p, "data", "a", EACCES);
	assert_not_found(p, "dir", "a", EACCES);
	/* the one that is there, wherever in PATH, is more worth telling of */
	assert_not_found(p, "data", "a:missing", EACCES);
	assert_not_found(p, "data", "missing:a", EACCES);
	/* like a missing directory: something on the way is a file */
	assert_not_found(p, "prog", "here", ENOENT);
	assert_not_found(p, "", "a:b", ENOENT);
}

static void empty_elements_are_the_current_directory(void **state)
{
	struct place *p = *state;

	assert_found(p, "here", "", "./here");
	assert_found(p, "here", "a:", "./here");
	assert_found(p, "here", ":a", "./here");
	assert_found(p, "here", "a::b", "./here");
	assert_found(p, "prog", ":a", "a/prog");
	assert_not_found(p, "here", "a:b", ENOENT);
}

static void a_name_with_a_slash_is_its_path(void **state)
{
	struct place *p = *state;

	assert_found(p, "a/prog", "b", "a/prog");
	assert_found(p, "./absent", "a", "./absent");
	assert_found(p, "/", "a", "/");
}

static void no_path_means_the_systems(void **state)
{
	struct place *p = *state;
	const char *sh = cv_path_find(&p->cache, "sh", NULL);

	assert_non_null(sh);
	assert_true(strcmp(sh, "/bin/sh") == 0 || strcmp(sh, "/usr/bin/sh") == 0);
	assert_not_found(p, "here", NULL, ENOENT);
}

/* The answer is remembered: while it is, a program that comes earlier in PATH is not seen. */
static void the_last_answer_is_remembered(void **state)
{
	struct place *p = *state;

	assert_int_equal(rename("a/prog", "a/other"), 0);
	assert_found(p, "prog", "a:b", "b/prog");
	assert_int_equal(rename("a/other", "a/prog"), 0);
	assert_found(p, "prog", "a:b", "b/prog");
	/* a name with a slash needs no memory and leaves it alone */
	assert_found(p, "./x", "a:b", "./x");
	assert_found(p, "prog", "a:b", "b/prog");
	cv_path_forget(&p->cache);
	assert_found(p, "prog", "a:b", "a/prog");
}

static void it_is_remembered_for_one_name_and_one_path(void **state)
{
	struct place *p = *state;

	assert_found(p, "prog", "a:b", "a/prog");
	assert_found(p, "data", "a:b", "b/data");
	assert_found(p, "prog", "b:a", "b/prog");
	assert_found(p, "prog", "a:b", "a/prog");
	assert_not_found(p, "absent", "a:b", ENOENT);
	assert_found(p, "prog", "a:b", "a/prog");
}

/* What was asked is copied: the caller's strings may change. */
static void the_question_is_copied(void **state)
{
	struct place *p = *state;
	char name[] = "prog", search[] = "a";

	assert_found(p, name, search, "a/prog");
	memcpy(name, "data", 4);
	assert_not_found(p, name, search, EACCES);
	memcpy(name, "prog", 4);
	assert_found(p, name, search, "a/prog");
	search[0] = 'b';
	assert_found(p, name, search, "b/prog");
}

static void a_failure_is_not_remembered(void **state)
{
	struct place *p = *state;

	assert_int_equal(rename("a/prog", "a/other"), 0);
	assert_not_found(p, "prog", "a", ENOENT);
	assert_int_equal(rename("a/other", "a/prog"), 0);
	assert_found(p, "prog", "a", "a/prog");
}

static void executable(void **state)
{
	(void)state;
	assert_true(cv_path_executable("a/prog"));
	errno = 0;
	assert_false(cv_path_executable("a/data"));
	assert_int_equal(errno, EACCES);
	errno = 0;
	assert_false(cv_path_executable("a"));
	assert_int_equal(errno, EACCES);
	errno = 0;
	assert_false(cv_path_executable("a/absent"));
	assert_int_equal(errno, ENOENT);
	errno = 0;
	assert_false(cv_path_executable("/dev/null"));
	assert_int_equal(errno, EACCES);
}

#define IN_PLACE(test) cmocka_unit_test_setup_teardown(test, enter, leave)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_PLACE(in_the_order_of_the_directories),
		IN_PLACE(what_is_not_a_program_is_passed_over),
		IN_PLACE(why_it_is_not_found),
		IN_PLACE(empty_elements_are_the_current_directory),
		IN_PLACE(a_name_with_a_slash_is_its_path),
		IN_PLACE(no_path_means_the_systems),
		IN_PLACE(the_last_answer_is_remembered),
		IN_PLACE(it_is_remembered_for_one_name_and_one_path),
		IN_PLACE(the_question_is_copied),
		IN_PLACE(a_failure_is_not_remembered),
		IN_PLACE(executable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
