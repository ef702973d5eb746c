/*
 * Each test makes the files of a machine in a directory of its own: /proc/self/cgroup,
 * /proc/self/mountinfo and the hierarchies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/run/cgroup_limits.h"

static char root[PATH_MAX / 4];

static int set_up(void **state)
{
	(void)state;
	snprintf(root, sizeof root, "/tmp/test_cgroups.XXXXXX");
	return mkdtemp(root) == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file, with the directories above it. */
static void put(const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *file;

	snprintf(path, sizeof path, "%s%s", root, name);
	for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		mkdir(path, 0700);
		*at = '/';
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static const char v2_mount[] =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(cgroup_limits_cpus(root, 8), 8);
	assert_true(cgroup_limits_memory(root) == INT64_MAX);
	put("/proc/self/cgroup", "0::/\n");
	put("/proc/self/mountinfo", v2_mount);
	assert_int_equal(cgroup_limits_cpus(root, 8), 8);
	assert_true(cgroup_limits_memory(root) == INT64_MAX);
}

static void v2_all_ancestors(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a.slice/b.service\n");
	put("/proc/self/mountinfo", v2_mount);
	put("/sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 8);
	put("/sys/fs/cgroup/a.slice/cpu.max", "300000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 3);
	assert_int_equal(cgroup_limits_cpus(root, 2), 2);
	put("/sys/fs/cgroup/a.slice/b.service/cpu.max", "150000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 2);
	put("/sys/fs/cgroup/a.slice/b.service/cpu.max", "10000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 1);
	/* the root of the hierarchy of a container is a group like others */
	put("/sys/fs/cgroup/a.slice/b.service/cpu.max", "max 100000\n");
	put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 2);
}

/* A container with the host's names: what it sees as its root is called otherwise. */
static void v2_foreign_names(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/../../other\n");
	put("/proc/self/mountinfo", v2_mount);
	put("/sys/fs/cgroup/cpu.max", "200000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 2);
	put("/proc/self/cgroup", "0::/docker/0123\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 2);
	put("/proc/self/mountinfo",
	    "30 23 0:26 /docker/0123 /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 2);
	put("/proc/self/cgroup", "0::/docker/0123/inner\n");
	put("/sys/fs/cgroup/inner/cpu.max", "100000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 1);
}

/* Blanks in names, which the kernel escapes in the one file only. */
static void blanks(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a b/c\n");
	put("/proc/self/mountinfo",
	    "30 23 0:26 /a\\040b /sys/fs/cg\\040roup rw - cgroup2 cgroup2 rw\n");
	put("/sys/fs/cg roup/c/cpu.max", "300000 100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 3);
}

static void v1(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "4:memory:/m\n3:cpu,cpuacct:/jobs/one\n2:cpuset:/\n0::/\n");
	put("/proc/self/mountinfo",
	    "31 23 0:27 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
	    "32 31 0:28 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
	    "33 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
	    "34 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
	    "35 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
	put("/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_quota_us", "-1\n");
	put("/sys/fs/cgroup/cpu,cpuacct/jobs/one/cpu.cfs_period_us", "100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 8);
	put("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_quota_us", "400000\n");
	put("/sys/fs/cgroup/cpu,cpuacct/jobs/cpu.cfs_period_us", "100000\n");
	assert_int_equal(cgroup_limits_cpus(root, 8), 4);
	put("/sys/fs/cgroup/memory/m/memory.usage_in_bytes", "700\n");
	put("/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "9223372036854771712\n");
	assert_true(cgroup_limits_memory(root) == INT64_MAX);
	put("/sys/fs/cgroup/memory/m/memory.limit_in_bytes", "1000\n");
	put("/sys/fs/cgroup/memory/m/memory.stat", "inactive_file 1\ntotal_inactive_file 50\n");
	assert_int_equal(cgroup_limits_memory(root), 350);
}

static void v2_memory(void **state)
{
	(void)state;
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/proc/self/mountinfo", v2_mount);
	put("/sys/fs/cgroup/a/b/memory.current", "1000\n");
	put("/sys/fs/cgroup/a/b/memory.max", "max\n");
	assert_true(cgroup_limits_memory(root) == INT64_MAX);
	put("/sys/fs/cgroup/a/b/memory.stat", "anon 900\nactive_file 3\ninactive_file 20\n");
	put("/sys/fs/cgroup/a/b/memory.max", "5000\n");
	assert_int_equal(cgroup_limits_memory(root), 4020);
	put("/sys/fs/cgroup/a/b/memory.high", "3000\n");
	assert_int_equal(cgroup_limits_memory(root), 2020);
	put("/sys/fs/cgroup/a/memory.current", "1500\n");
	put("/sys/fs/cgroup/a/memory.max", "1600\n");
	assert_int_equal(cgroup_limits_memory(root), 100);
	put("/sys/fs/cgroup/a/memory.max", "1400\n");
	assert_int_equal(cgroup_limits_memory(root), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(v2_all_ancestors, set_up, tear_down),
		cmocka_unit_test_setup_teardown(v2_foreign_names, set_up, tear_down),
		cmocka_unit_test_setup_teardown(blanks, set_up, tear_down),
		cmocka_unit_test_setup_teardown(v1, set_up, tear_down),
		cmocka_unit_test_setup_teardown(v2_memory, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("cgroups", tests, NULL, NULL);
}
