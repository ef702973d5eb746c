/* Names and numbers of a statement agree, or it is not prepared. */
#include "journal_fixture.h"

#include "journal/journal_sql.h"

#define THING(X) X(THING_NAME, "name") X(THING_SIZE, "size")

enum { THING_ID = 1 THING(SQL_NUMBER) };

static const struct journal_sql add_thing = {
	"INSERT INTO thing (id" THING(SQL_COLUMN) ") VALUES (:id" THING(SQL_VALUE) ")",
	SQL_PARAMETERS(":id" THING(SQL_NAME))
};

enum { SET_NAME = 1, SET_SIZE, SET_ID };

#define SIZE(X) X(SET_SIZE, "size")

static const struct journal_sql set_thing = {
	"UPDATE thing SET name = :name" SIZE(SQL_SET) " WHERE id = :id",
	SQL_PARAMETERS(":name" SIZE(SQL_NAME), ":id")
};

static void make_things(struct fixture *f)
{
	const char *sql = "CREATE TABLE thing (id INTEGER, name TEXT, size INTEGER)";
	struct error err;

	if (journal_db_run(&f->db, sql, &err) != 0)
		fail_msg("%s", err.message);
}

static sqlite3_stmt *prepared(struct fixture *f, const struct journal_sql *sql)
{
	struct error err;
	sqlite3_stmt *s;

	if (journal_sql_prepare(&f->db, sql, &s, &err) != 0)
		fail_msg("%s", err.message);
	return s;
}

static void numbers_are_those_of_the_names(void **state)
{
	struct fixture *f = *state;
	sqlite3_stmt *add, *set;

	make_things(f);
	add = prepared(f, &add_thing);
	set = prepared(f, &set_thing);
	sqlite3_bind_int(add, THING_ID, 7);
	sqlite3_bind_text(add, THING_NAME, "stone", -1, SQLITE_STATIC);
	sqlite3_bind_int(add, THING_SIZE, 3);
	assert_int_equal(sqlite3_step(add), SQLITE_DONE);
	fixture_says("SELECT id, name, size FROM thing", "7|stone|3");
	sqlite3_bind_text(set, SET_NAME, "rock", -1, SQLITE_STATIC);
	sqlite3_bind_int(set, SET_SIZE, 4);
	sqlite3_bind_int(set, SET_ID, 7);
	assert_int_equal(sqlite3_step(set), SQLITE_DONE);
	fixture_says("SELECT id, name, size FROM thing", "7|rock|4");
	sqlite3_finalize(add);
	sqlite3_finalize(set);
}

static void refused(struct fixture *f, const char *text, const char *const *parameters,
    const char *why)
{
	sqlite3_stmt *s = NULL;
	struct error err = { "" };

	assert_int_equal(journal_sql_prepare(&f->db,
	    &(struct journal_sql){ text, parameters }, &s, &err), -1);
	assert_null(s);
	if (strstr(err.message, why) == NULL)
		fail_msg("wanted '%s', got '%s'", why, err.message);
}

static void mistakes_in_names_are_found(void **state)
{
	struct fixture *f = *state;

	/* of another parameter; in another order; one too few; one too many */
	refused(f, "SELECT :a", SQL_PARAMETERS(":b"), "parameter 1 is ':b' in the list and ':a'");
	refused(f, "SELECT :a, :b", SQL_PARAMETERS(":b", ":a"), "parameter 1 is ':b'");
	refused(f, "SELECT :a, :b", SQL_PARAMETERS(":a"), "parameter 2 is 'no parameter'");
	refused(f, "SELECT :a", SQL_PARAMETERS(":a", ":b"), "and 'no parameter' in the statement");
	refused(f, "SELECT :a", NULL, "parameter 1 is 'no parameter'");
	/* only numbered */
	refused(f, "SELECT ?", SQL_PARAMETERS(":a"), "and '?' in the statement");
	/* of a column */
	refused(f, "SELECT outcme FROM task", NULL, "outcme");
}

static void one_name_may_stand_twice(void **state)
{
	struct fixture *f = *state;

	sqlite3_finalize(prepared(f, &(struct journal_sql){
	    "SELECT :a, :b, :a", SQL_PARAMETERS(":a", ":b") }));
	sqlite3_finalize(prepared(f, &(struct journal_sql){ "SELECT 1", NULL }));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(numbers_are_those_of_the_names, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(mistakes_in_names_are_found, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(one_name_may_stand_twice, fixture_set_up,
		    fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
