#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/input/columns.h"

#include "fake_source.h"

static struct source *opened(const struct fake_step *steps, const char *regex,
    const struct header *header, bool *closed)
{
	struct error err = { "" };
	struct colsep *sep = colsep_new(regex, &err);
	struct source *columns;

	if (sep == NULL)
		fail_msg("%s", err.message);
	columns = columns_open(fake_open(steps, closed), sep, header);
	assert_non_null(columns);
	return columns;
}

static const struct header no_header;

/* Adds a source's names, with "|" in between. */
static void add_names(struct header *header, const char *names)
{
	char *copy = strdup(names), *rest = copy, *name;
	struct span list[8];
	size_t n = 0;

	assert_non_null(copy);
	while ((name = strsep(&rest, "|")) != NULL)
		list[n++] = (struct span){ name, strlen(name) };
	assert_int_equal(header_add(header, list, n), 0);
	free(copy);
}

static void each_line_is_split(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a,b" }, { INPUT_RECORD, "c" }, { INPUT_RECORD, "" },
		{ INPUT_RECORD, ",d," }, { INPUT_RECORD, " e , f,g" }, { INPUT_END, NULL },
	};
	bool closed = false;
	struct source *columns = opened(steps, ",", &no_header, &closed);

	(void)state;
	expect_record(columns, "a|b");
	expect_record(columns, "c");
	expect_record(columns, "");
	expect_record(columns, "|d|");
	expect_record(columns, "e|f|g");
	expect_result(columns, INPUT_END, NULL);
	source_close(columns);
	assert_true(closed);
}

static void of_several_sources(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a,b|c" }, { INPUT_RECORD, "a|c,d" }, { INPUT_RECORD, "a,b|c,d" },
		{ INPUT_RECORD, "|" }, { INPUT_END, NULL },
	};
	struct source *columns = opened(steps, ",", &no_header, NULL);

	(void)state;
	expect_record(columns, "a|b|c");
	expect_record(columns, "a|c|d");
	expect_record(columns, "a|b|c|d");
	expect_record(columns, "|");
	expect_result(columns, INPUT_END, NULL);
	source_close(columns);
}

static void what_is_no_record_is_passed_on(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "a,b" }, { INPUT_REFUSED, "2: no" },
		{ INPUT_LATER, NULL }, { INPUT_RECORD, "c" }, { INPUT_BAD, "the disk is gone" },
	};
	struct source *columns = opened(steps, ",", &no_header, NULL);

	(void)state;
	expect_result(columns, INPUT_LATER, NULL);
	expect_record(columns, "a|b");
	expect_result(columns, INPUT_REFUSED, "2: no");
	expect_result(columns, INPUT_LATER, NULL);
	expect_record(columns, "c");
	expect_result(columns, INPUT_BAD, "the disk is gone");
	source_close(columns);
}

static void line_numbers_stay(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_REFUSED, NULL }, { INPUT_RECORD, "a,b" }, { INPUT_END, NULL },
	};
	struct source *columns = opened(steps, ",", &no_header, NULL);
	struct record record;
	struct error err;

	(void)state;
	expect_result(columns, INPUT_REFUSED, NULL);
	assert_int_equal(source_next(columns, &record, &err), INPUT_RECORD);
	assert_int_equal(record.line, 2);
	source_close(columns);
}

/* ---- with names ---- */

static void missing_columns_are_empty(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a,b,c" }, { INPUT_RECORD, "a,b" }, { INPUT_RECORD, "a" },
		{ INPUT_RECORD, "" }, { INPUT_RECORD, ",b" }, { INPUT_END, NULL },
	};
	struct header header = { .n = 0 };
	struct source *columns;

	(void)state;
	add_names(&header, "x|y|z");
	columns = opened(steps, ",", &header, NULL);
	expect_record(columns, "a|b|c");
	expect_record(columns, "a|b|");
	expect_record(columns, "a||");
	expect_record(columns, "||");
	expect_record(columns, "|b|");
	expect_result(columns, INPUT_END, NULL);
	source_close(columns);
	header_release(&header);
}

/* Of the last source, more columns than names do no harm: no others follow. */
static void the_last_source_may_have_more(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a|1,2" }, { INPUT_RECORD, "b|3,4,5" }, { INPUT_RECORD, "c|6" },
		{ INPUT_END, NULL },
	};
	struct header header = { .n = 0 };
	struct source *columns;

	(void)state;
	add_names(&header, "x");
	add_names(&header, "y|z");
	columns = opened(steps, ",", &header, NULL);
	expect_record(columns, "a|1|2");
	expect_record(columns, "b|3|4|5");
	expect_record(columns, "c|6|");
	expect_result(columns, INPUT_END, NULL);
	source_close(columns);
	header_release(&header);
}

static void others_may_not(void **state)
{
	static const struct fake_step steps[] = {
		{ INPUT_RECORD, "a,b|1" }, { INPUT_RECORD, "a,b,c|2" }, { INPUT_RECORD, "a|3" },
		{ INPUT_RECORD, "a,b,,|4" }, { INPUT_RECORD, "a,,,d|5" }, { INPUT_RECORD, ",,,,|6" },
		{ INPUT_END, NULL },
	};
	struct header header = { .n = 0 };
	struct source *columns;

	(void)state;
	add_names(&header, "x|y");
	add_names(&header, "z");
	columns = opened(steps, ",", &header, NULL);
	expect_record(columns, "a|b|1");
	expect_result(columns, INPUT_REFUSED,
	    ":::" ":2: 3 columns, but the header names 2");
	expect_record(columns, "a||3");
	/* empty ones at the end are none, as spreadsheets write them */
	expect_record(columns, "a|b|4");
	expect_result(columns, INPUT_REFUSED,
	    ":::" ":5: 4 columns, but the header names 2");
	expect_record(columns, "||6");
	expect_result(columns, INPUT_END, NULL);
	source_close(columns);
	header_release(&header);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_line_is_split),
		cmocka_unit_test(of_several_sources),
		cmocka_unit_test(what_is_no_record_is_passed_on),
		cmocka_unit_test(line_numbers_stay),
		cmocka_unit_test(missing_columns_are_empty),
		cmocka_unit_test(the_last_source_may_have_more),
		cmocka_unit_test(others_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
