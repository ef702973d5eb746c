/* The transaction in which rows are written, and how values become SQL's. */
#include "journal_fixture.h"

#include "journal/journal_rows.h"
#include "journal/journal_sql.h"

struct writer {
	struct rows rows;
	sqlite3_stmt *add;
};

static const struct journal_sql add_value = {
	"INSERT INTO value (value) VALUES (:value)", SQL_PARAMETERS(":value")
};

static void open_writer(struct fixture *f, struct writer *w)
{
	struct error err = { "" };

	if (journal_db_run(&f->db, "CREATE TABLE value (value UNIQUE)", &err) != 0
	    || rows_init(&w->rows, &f->db, &err) != 0
	    || journal_sql_prepare(&f->db, &add_value, &w->add, &err) != 0)
		fail_msg("%s", err.message);
}

static void close_writer(struct writer *w)
{
	sqlite3_finalize(w->add);
	rows_release(&w->rows);
	/* a second time does no harm */
	rows_release(&w->rows);
}

static int add(struct writer *w, int64_t value)
{
	sqlite3_bind_int64(w->add, 1, value);
	return rows_run(&w->rows, w->add);
}

static void the_first_row_begins_the_transaction(void **state)
{
	struct fixture *f = *state;
	struct writer w;

	open_writer(f, &w);
	assert_int_equal(rows_commit(&w.rows), 0);
	assert_false(w.rows.begun);
	assert_int_equal(add(&w, 1), 0);
	assert_true(w.rows.begun);
	assert_int_equal(add(&w, 2), 0);
	/* others see nothing of it, and then all of it */
	fixture_says("SELECT count(*) FROM value", "0");
	assert_int_equal(rows_commit(&w.rows), 0);
	assert_false(w.rows.begun);
	fixture_says("SELECT count(*) FROM value", "2");
	assert_int_equal(rows_begin(&w.rows), 0);
	assert_int_equal(rows_begin(&w.rows), 0);
	assert_int_equal(rows_commit(&w.rows), 0);
	close_writer(&w);
}

static void after_an_error_nothing_is_written(void **state)
{
	struct fixture *f = *state;
	struct writer w;

	open_writer(f, &w);
	assert_int_equal(add(&w, 1), 0);
	assert_int_equal(add(&w, 1), -1);
	assert_string_equal(w.rows.error.message, "UNIQUE constraint failed: value.value");
	assert_int_equal(add(&w, 2), -1);
	assert_int_equal(rows_begin(&w.rows), -1);
	assert_int_equal(rows_commit(&w.rows), -1);
	assert_string_equal(w.rows.error.message, "UNIQUE constraint failed: value.value");
	close_writer(&w);
}

static void out_of_memory_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct writer w;

	open_writer(f, &w);
	assert_int_equal(rows_out_of_memory(&w.rows), -1);
	assert_int_equal(add(&w, 1), -1);
	assert_string_equal(w.rows.error.message, "out of memory");
	close_writer(&w);
}

static void questions(void **state)
{
	struct fixture *f = *state;
	struct writer w;
	int64_t number = -1;

	open_writer(f, &w);
	/* NULL counts as 0 */
	assert_int_equal(rows_ask(&w.rows, "SELECT max(value) FROM value", &number), 0);
	assert_int_equal(number, 0);
	assert_int_equal(add(&w, INT64_MAX), 0);
	assert_int_equal(rows_ask(&w.rows, "SELECT max(value) FROM value", &number), 0);
	assert_true(number == INT64_MAX);
	assert_int_equal(rows_ask(&w.rows, "SELECT max(value) FROM vale", &number), -1);
	assert_string_equal(w.rows.error.message, "no such table: vale");
	assert_int_equal(add(&w, 1), -1);
	close_writer(&w);
}

/* Writes the value that is bound. */
static void is_written_as(struct writer *w, const char *type_and_hex)
{
	assert_int_equal(rows_run(&w->rows, w->add), 0);
	assert_int_equal(rows_commit(&w->rows), 0);
	fixture_says("SELECT typeof(value) || ' ' || hex(value) FROM value"
	    " ORDER BY rowid DESC LIMIT 1", type_and_hex);
}

static void values(void **state)
{
	struct fixture *f = *state;
	struct writer w;

	open_writer(f, &w);
	rows_bind_text(w.add, 1, "text");
	is_written_as(&w, "text 74657874");
	rows_bind_text(w.add, 1, "\xff");
	is_written_as(&w, "blob FF");
	rows_bind_text(w.add, 1, "");
	is_written_as(&w, "text ");
	rows_bind_text(w.add, 1, NULL);
	is_written_as(&w, "null ");
	rows_bind_blob(w.add, 1, "a\0b", 4);
	is_written_as(&w, "blob 61006200");
	rows_bind_positive(w.add, 1, 7);
	is_written_as(&w, "integer 37");
	rows_bind_positive(w.add, 1, 0);
	is_written_as(&w, "null ");
	rows_bind_positive(w.add, 1, -1);
	is_written_as(&w, "null ");
	rows_bind_number(w.add, 1, 0);
	is_written_as(&w, "integer 30");
	close_writer(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_first_row_begins_the_transaction,
		    fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(after_an_error_nothing_is_written, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(out_of_memory_is_an_error, fixture_set_up,
		    fixture_tear_down),
		cmocka_unit_test_setup_teardown(questions, fixture_set_up, fixture_tear_down),
		cmocka_unit_test_setup_teardown(values, fixture_set_up, fixture_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
