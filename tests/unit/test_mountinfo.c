/*
 * Lines of /proc/self/mountinfo and /proc/self/cgroup, as kernels write them, and as none does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mountinfo.h"

/* Parses a copy, which the next call replaces. */
static bool parse_mount(const char *text, struct cv_mount *mount)
{
	static char line[16384];

	assert_true(strlen(text) < sizeof line);
	memcpy(line, text, strlen(text) + 1);
	return cv_mount_parse(line, mount);
}

static bool parse_member(const char *text, struct cv_member *member)
{
	static char line[16384];

	assert_true(strlen(text) < sizeof line);
	memcpy(line, text, strlen(text) + 1);
	return cv_member_parse(line, member);
}

static void fields(void **state)
{
	struct cv_mount mount;

	(void)state;
	assert_true(parse_mount("36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 master:2 - ext3 "
	    "/dev/root rw,errors=continue\n", &mount));
	assert_string_equal(mount.root, "/mnt1");
	assert_string_equal(mount.point, "/mnt2");
	assert_string_equal(mount.type, "ext3");
	assert_string_equal(mount.options, "rw,errors=continue");
	/* no tags, no newline, and a source that is empty */
	assert_true(parse_mount("36 35 98:0 / /sys/fs/cgroup rw - cgroup2  rw", &mount));
	assert_string_equal(mount.type, "cgroup2");
	assert_string_equal(mount.options, "rw");
}

static void missing_fields(void **state)
{
	static const char *const lines[] = {
		"", "\n", " ", "-", " - ", "36 35 98:0 / /mnt rw", "36 35 98:0 / /mnt rw -",
		"36 35 98:0 / /mnt rw - cgroup2", "36 35 98:0 / /mnt rw - cgroup2 cgroup2",
		"36 35 98:0 / /mnt rw -cgroup2 cgroup2 rw", "36 35 98:0 /  rw - cgroup2 cgroup2 rw",
		"36 35 98:0  /mnt rw - cgroup2 cgroup2 rw", "36 35 98:0 / /mnt rw -  cgroup2 rw",
		"36 35 98:0 / - cgroup2 cgroup2", "36 35 98:0 / /mnt rw\n - cgroup2 cgroup2 rw",
	};
	struct cv_mount mount;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (parse_mount(lines[i], &mount))
			fail_msg("taken: '%s'", lines[i]);
}

static void escapes(void **state)
{
	struct cv_mount mount;

	(void)state;
	assert_true(parse_mount("1 1 0:1 /a\\040b\\011 /c\\012\\134d\\\\040 rw - cgroup2 x\\040y rw",
	    &mount));
	assert_string_equal(mount.root, "/a b\t");
	assert_string_equal(mount.point, "/c\n\\d\\ ");
	/* what is none stays */
	assert_true(parse_mount("1 1 0:1 /\\04 /\\08\\400\\000\\ rw - cgroup2 x rw", &mount));
	assert_string_equal(mount.root, "/\\04");
	assert_string_equal(mount.point, "/\\08\\400\\000\\");
}

static void long_lines(void **state)
{
	char text[9000], path[4000];
	struct cv_member member;
	struct cv_mount mount;

	(void)state;
	memset(path, 'a', sizeof path);
	path[0] = '/';
	path[sizeof path - 1] = '\0';
	snprintf(text, sizeof text, "1 1 0:1 %s %s rw - cgroup2 cgroup2 rw\n", path, path);
	assert_true(parse_mount(text, &mount));
	assert_string_equal(mount.root, path);
	assert_string_equal(mount.point, path);
	assert_string_equal(mount.options, "rw");
	snprintf(text, sizeof text, "4:memory:%s%s\n", path, path);
	assert_true(parse_member(text, &member));
	assert_int_equal(strlen(member.path), 2 * strlen(path));
}

static enum cv_hierarchy hierarchy(const char *type, const char *options, const char *controller)
{
	struct cv_mount mount = { "/", "/sys/fs/cgroup", type, options };

	return cv_mount_hierarchy(&mount, controller);
}

static void hierarchies(void **state)
{
	(void)state;
	assert_int_equal(hierarchy("cgroup2", "rw", NULL), CV_HIERARCHY_V2);
	assert_int_equal(hierarchy("cgroup2", "rw", "cpu"), CV_HIERARCHY_V2);
	assert_int_equal(hierarchy("cgroup", "rw,cpu,cpuacct", "cpu"), CV_HIERARCHY_V1);
	assert_int_equal(hierarchy("cgroup", "rw,cpuacct,cpu", "cpu"), CV_HIERARCHY_V1);
	assert_int_equal(hierarchy("cgroup", "rw,cpuset", "cpu"), CV_HIERARCHY_NONE);
	assert_int_equal(hierarchy("cgroup", "rw,xcpu", "cpu"), CV_HIERARCHY_NONE);
	assert_int_equal(hierarchy("cgroup", "rw,cpu", NULL), CV_HIERARCHY_NONE);
	assert_int_equal(hierarchy("cgroup2fs", "rw,cpu", "cpu"), CV_HIERARCHY_NONE);
	assert_int_equal(hierarchy("tmpfs", "rw,cpu", "cpu"), CV_HIERARCHY_NONE);
}

static void members(void **state)
{
	struct cv_member member;

	(void)state;
	assert_true(parse_member("0::/a:b/c\n", &member));
	assert_string_equal(member.path, "/a:b/c");
	assert_int_equal(cv_member_hierarchy(&member, NULL), CV_HIERARCHY_V2);
	assert_int_equal(cv_member_hierarchy(&member, "cpu"), CV_HIERARCHY_V2);
	assert_true(parse_member("3:cpu,cpuacct:/", &member));
	assert_string_equal(member.path, "/");
	assert_int_equal(cv_member_hierarchy(&member, "cpuacct"), CV_HIERARCHY_V1);
	assert_int_equal(cv_member_hierarchy(&member, "cpua"), CV_HIERARCHY_NONE);
	assert_int_equal(cv_member_hierarchy(&member, NULL), CV_HIERARCHY_NONE);
	assert_true(parse_member("1:name=systemd:/x", &member));
	assert_int_equal(cv_member_hierarchy(&member, "systemd"), CV_HIERARCHY_NONE);
	assert_false(parse_member("0:/a\n", &member));
	assert_false(parse_member("0:\n:/a", &member));
	assert_false(parse_member("", &member));
}

static const char *below(const char *root, const char *path)
{
	struct cv_mount mount = { root, "/sys/fs/cgroup", "cgroup2", "rw" };
	const char *rest = cv_mount_below(&mount, path);

	return rest == NULL ? "not shown" : rest;
}

static void what_a_mount_shows(void **state)
{
	(void)state;
	assert_string_equal(below("/", "/"), "/");
	assert_string_equal(below("/", "/a/b"), "/a/b");
	assert_string_equal(below("/a", "/a"), "");
	assert_string_equal(below("/a", "/a/b"), "/b");
	assert_string_equal(below("/a", "/ab"), "not shown");
	assert_string_equal(below("/a", "/"), "not shown");
	assert_string_equal(below("/a", "/b"), "not shown");
	/* outside of the namespace, or only a name that begins like that */
	assert_string_equal(below("/", "/../../a"), "not shown");
	assert_string_equal(below("/", "/a/.."), "not shown");
	assert_string_equal(below("/", "/..a/b"), "/..a/b");
	assert_string_equal(below("/..", "/../a"), "/a");
}

static char *find(const char *text, enum cv_hierarchy which, const char *controller)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	char *path;

	assert_non_null(file);
	path = cv_member_path(file, which, controller);
	fclose(file);
	return path;
}

static void own_path(void **state)
{
	static const char text[] = "nonsense\n4:memory:/m\n3:cpu,cpuacct:/c\n0::/u\n";
	char *path;

	(void)state;
	path = find(text, CV_HIERARCHY_V2, NULL);
	assert_string_equal(path, "/u");
	free(path);
	path = find(text, CV_HIERARCHY_V1, "cpu");
	assert_string_equal(path, "/c");
	free(path);
	assert_null(find(text, CV_HIERARCHY_V1, "pids"));
	assert_null(cv_member_path(NULL, CV_HIERARCHY_V2, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields),
		cmocka_unit_test(missing_fields),
		cmocka_unit_test(escapes),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(hierarchies),
		cmocka_unit_test(members),
		cmocka_unit_test(what_a_mount_shows),
		cmocka_unit_test(own_path),
	};

	return cmocka_run_group_tests_name("mountinfo", tests, NULL, NULL);
}
