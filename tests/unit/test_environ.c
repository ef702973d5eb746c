#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "environ.h"

static const char *const base[] = {
	"HOME=/root", "PATH=/usr/bin:/bin", "EMPTY=", "COVEYOR=belt", "TWO=a=b", NULL,
};

static const struct cv_environ_values values = { .task = 17, .attempt = 2, .tries = 3, .slot = 4 };

static const struct cv_environ_values largest = {
	.task = UINT64_MAX, .attempt = UINT_MAX, .tries = UINT_MAX, .slot = UINT_MAX,
};

static size_t count(const char *const *envp)
{
	size_t n = 0;

	while (envp[n] != NULL)
		n++;
	return n;
}

/* Whether entry, in full, is in envp, and its name only once. */
static bool has(const char *const *envp, const char *entry)
{
	size_t len = strcspn(entry, "="), same_name = 0;
	bool found = false;

	for (; *envp != NULL; envp++) {
		found |= strcmp(*envp, entry) == 0;
		same_name += strncmp(*envp, entry, len) == 0 && (*envp)[len] == '=';
	}
	return found && same_name == 1;
}

static bool has_name(const char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp != NULL; envp++) {
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return true;
	}
	return false;
}

static int init(struct cv_environ *e, const char *const *environment, const char *run_id,
    const char *reason_dir)
{
	struct cv_environ_exports exports = { .run_id = run_id, .reason_dir = reason_dir };

	return cv_environ_init(e, environment, &exports);
}

static void assert_base(const char *const *envp)
{
	for (size_t i = 0; base[i] != NULL; i++) {
		if (!has(envp, base[i]))
			fail_msg("'%s' is missing, or there twice", base[i]);
	}
}

/* ---- exports ---- */

static void without_exports(void **state)
{
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, NULL, NULL), 0);
	envp = cv_environ_for(&e, &values, NULL);
	assert_base(envp);
	assert_int_equal(count(envp), count(base));
	assert_string_equal(cv_environ_search(&e), "/usr/bin:/bin");
	cv_environ_release(&e);
}

static void exports(void **state)
{
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, "night-7", NULL), 0);
	envp = cv_environ_for(&e, &values, NULL);
	assert_base(envp);
	assert_true(has(envp, "COVEY_RUN=night-7"));
	assert_true(has(envp, "COVEY_TASK=17"));
	assert_true(has(envp, "COVEY_ATTEMPT=2"));
	assert_true(has(envp, "COVEY_TRIES=3"));
	assert_true(has(envp, "COVEY_SLOT=4"));
	assert_false(has_name(envp, "COVEY_REASON"));
	assert_int_equal(count(envp), count(base) + 5);
	cv_environ_release(&e);
}

static void exported_reason_file(void **state)
{
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, "r", "/tmp/some dir"), 0);
	envp = cv_environ_for(&e, &values, NULL);
	assert_true(has(envp, "COVEY_REASON=/tmp/some dir/4"));
	assert_true(has(envp, "COVEY_RUN=r"));
	assert_int_equal(count(envp), count(base) + 6);
	assert_base(envp);
	cv_environ_release(&e);
}

static void values_are_written_anew(void **state)
{
	static const struct cv_environ_values zero = { .task = 0 };
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, "r", "/d"), 0);
	envp = cv_environ_for(&e, &largest, NULL);
	assert_true(has(envp, "COVEY_TASK=18446744073709551615"));
	assert_true(has(envp, "COVEY_ATTEMPT=4294967295"));
	assert_true(has(envp, "COVEY_TRIES=4294967295"));
	assert_true(has(envp, "COVEY_SLOT=4294967295"));
	assert_true(has(envp, "COVEY_REASON=/d/4294967295"));
	assert_base(envp);
	/* shorter ones leave nothing of longer ones behind */
	envp = cv_environ_for(&e, &values, NULL);
	assert_true(has(envp, "COVEY_TASK=17"));
	assert_true(has(envp, "COVEY_ATTEMPT=2"));
	assert_true(has(envp, "COVEY_TRIES=3"));
	assert_true(has(envp, "COVEY_SLOT=4"));
	assert_true(has(envp, "COVEY_REASON=/d/4"));
	envp = cv_environ_for(&e, &zero, NULL);
	assert_true(has(envp, "COVEY_TASK=0"));
	assert_true(has(envp, "COVEY_REASON=/d/0"));
	cv_environ_release(&e);
}

/* What an outer covey exported is not its grandchildren's, whether or not this one exports. */
static void an_outer_run_is_forgotten(void **state)
{
	static const char *const outer[] = {
		"COVEY_RUN=outer", "A=1", "COVEY_TASK=99", "COVEY_REASON=/outer/1", "COVEY_NEW=x",
		"COVEYOR=belt", NULL,
	};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct cv_environ e;
		const char *const *envp;

		assert_int_equal(init(&e, outer, i == 0 ? NULL : "inner", NULL), 0);
		envp = cv_environ_for(&e, &values, NULL);
		assert_true(has(envp, "A=1"));
		assert_true(has(envp, "COVEYOR=belt"));
		assert_false(has_name(envp, "COVEY_REASON"));
		assert_false(has_name(envp, "COVEY_NEW"));
		if (i == 1) {
			assert_true(has(envp, "COVEY_RUN=inner"));
			assert_true(has(envp, "COVEY_TASK=17"));
		}
		assert_int_equal(count(envp), i == 0 ? 2 : 7);
		cv_environ_release(&e);
	}
}

/* Unless the children belong to the outer run, as those of a nested xargs do. */
static void an_outer_run_is_kept_where_asked_for(void **state)
{
	static const char *const outer[] = { "COVEY_RUN=outer", "A=1", "COVEY_NEW=x", NULL };
	const struct cv_environ_exports exports = { .keep_outer = true };
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(cv_environ_init(&e, outer, &exports), 0);
	envp = cv_environ_for(&e, &values, NULL);
	for (size_t i = 0; outer[i] != NULL; i++)
		assert_true(has(envp, outer[i]));
	assert_int_equal(count(envp), 3);
	cv_environ_release(&e);
}

static void the_slot_from_0(void **state)
{
	static const char *const outer[] = { "SLOT=9", "A=1", "SLOTS=2", NULL };
	struct cv_environ_exports exports = { .slot_var = "SLOT" };
	struct cv_environ_values first = values;
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	for (int i = 0; i < 2; i++) {
		exports.run_id = i == 0 ? NULL : "r";
		assert_int_equal(cv_environ_init(&e, outer, &exports), 0);
		envp = cv_environ_for(&e, &values, NULL);
		assert_true(has(envp, "SLOT=3"));
		assert_true(has(envp, "SLOTS=2"));
		assert_int_equal(has(envp, "COVEY_SLOT=4"), i);
		assert_int_equal(count(envp), i == 0 ? 3 : 8);
		first.slot = 1;
		assert_true(has(cv_environ_for(&e, &first, NULL), "SLOT=0"));
		assert_true(has(cv_environ_for(&e, &largest, NULL), "SLOT=4294967294"));
		cv_environ_release(&e);
	}
}

static void the_base_is_copied(void **state)
{
	char entry[] = "NAME=before";
	const char *const mutable[] = { entry, NULL };
	struct cv_environ e;

	(void)state;
	assert_int_equal(init(&e, mutable, NULL, NULL), 0);
	memset(entry, 'x', sizeof entry - 1);
	assert_true(has(cv_environ_for(&e, &values, NULL), "NAME=before"));
	cv_environ_release(&e);
}

static void an_empty_base(void **state)
{
	static const char *const none[] = { NULL };
	struct cv_environ e;

	(void)state;
	assert_int_equal(init(&e, none, NULL, NULL), 0);
	assert_int_equal(count(cv_environ_for(&e, &values, NULL)), 0);
	assert_null(cv_environ_search(&e));
	cv_environ_release(&e);
}

/* ---- changes ---- */

static void changes(void **state)
{
	static const char *const change[] = {
		"HOME=/elsewhere", "TWO", "NEW=1", "ABSENT", "EMPTY", "NEW=2", "COVEYOR=", NULL,
	};
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, "r", NULL), 0);
	envp = cv_environ_for(&e, &values, change);
	assert_true(has(envp, "HOME=/elsewhere"));
	assert_true(has(envp, "NEW=2"));
	assert_true(has(envp, "COVEYOR="));
	assert_true(has(envp, "PATH=/usr/bin:/bin"));
	assert_true(has(envp, "COVEY_TASK=17"));
	assert_false(has_name(envp, "TWO"));
	assert_false(has_name(envp, "EMPTY"));
	assert_int_equal(count(envp), 5 + 4);
	/* the next attempt has none of it */
	envp = cv_environ_for(&e, &values, NULL);
	assert_base(envp);
	assert_int_equal(count(envp), 5 + count(base));
	cv_environ_release(&e);
}

static void names_are_compared_whole(void **state)
{
	static const char *const similar[] = { "AB=1", "A=2", "ABC=3", NULL };
	static const char *const set[] = { "AB=new", NULL }, *const unset[] = { "A", NULL };
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, similar, NULL, NULL), 0);
	envp = cv_environ_for(&e, &values, set);
	assert_true(has(envp, "AB=new") && has(envp, "A=2") && has(envp, "ABC=3"));
	assert_int_equal(count(envp), 3);
	envp = cv_environ_for(&e, &values, unset);
	assert_true(has(envp, "AB=1") && has(envp, "ABC=3"));
	assert_int_equal(count(envp), 2);
	cv_environ_release(&e);
}

static void changes_win_over_exports(void **state)
{
	static const char *const change[] = { "COVEY_TASK=mine", "COVEY_RUN", NULL };
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, "r", NULL), 0);
	envp = cv_environ_for(&e, &values, change);
	assert_true(has(envp, "COVEY_TASK=mine"));
	assert_false(has_name(envp, "COVEY_RUN"));
	assert_true(has(envp, "COVEY_SLOT=4"));
	envp = cv_environ_for(&e, &values, NULL);
	assert_true(has(envp, "COVEY_TASK=17") && has(envp, "COVEY_RUN=r"));
	cv_environ_release(&e);
}

static void no_changes_change_nothing(void **state)
{
	static const char *const none[] = { NULL };
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, base, "r", NULL), 0);
	envp = cv_environ_for(&e, &values, none);
	assert_base(envp);
	assert_int_equal(count(envp), 5 + count(base));
	assert_string_equal(cv_environ_search(&e), "/usr/bin:/bin");
	cv_environ_release(&e);
}

static void an_entry_set_twice_goes_at_once(void **state)
{
	static const char *const twice[] = { "A=1", "B=2", "A=3", NULL };
	static const char *const unset[] = { "A", NULL };
	struct cv_environ e;
	const char *const *envp;

	(void)state;
	assert_int_equal(init(&e, twice, NULL, NULL), 0);
	envp = cv_environ_for(&e, &values, unset);
	assert_false(has_name(envp, "A"));
	assert_true(has(envp, "B=2"));
	cv_environ_release(&e);
}

/* ---- PATH ---- */

static void search_follows_changes_and_comes_back(void **state)
{
	static const char *const set[] = { "PATH=/opt/bin", NULL };
	static const char *const unset[] = { "PATH", NULL };
	static const char *const empty[] = { "PATH=", NULL };
	static const char *const other[] = { "PATHS=/x", NULL };
	struct cv_environ e;

	(void)state;
	assert_int_equal(init(&e, base, "r", NULL), 0);
	assert_string_equal(cv_environ_search(&e), "/usr/bin:/bin");
	cv_environ_for(&e, &values, set);
	assert_string_equal(cv_environ_search(&e), "/opt/bin");
	cv_environ_for(&e, &values, NULL);
	assert_string_equal(cv_environ_search(&e), "/usr/bin:/bin");
	cv_environ_for(&e, &values, unset);
	assert_null(cv_environ_search(&e));
	cv_environ_for(&e, &values, empty);
	assert_string_equal(cv_environ_search(&e), "");
	cv_environ_for(&e, &values, other);
	assert_string_equal(cv_environ_search(&e), "/usr/bin:/bin");
	cv_environ_for(&e, &values, NULL);
	assert_string_equal(cv_environ_search(&e), "/usr/bin:/bin");
	cv_environ_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_exports),
		cmocka_unit_test(exports),
		cmocka_unit_test(exported_reason_file),
		cmocka_unit_test(values_are_written_anew),
		cmocka_unit_test(an_outer_run_is_forgotten),
		cmocka_unit_test(an_outer_run_is_kept_where_asked_for),
		cmocka_unit_test(the_slot_from_0),
		cmocka_unit_test(the_base_is_copied),
		cmocka_unit_test(an_empty_base),
		cmocka_unit_test(changes),
		cmocka_unit_test(names_are_compared_whole),
		cmocka_unit_test(changes_win_over_exports),
		cmocka_unit_test(no_changes_change_nothing),
		cmocka_unit_test(an_entry_set_twice_goes_at_once),
		cmocka_unit_test(search_follows_changes_and_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
