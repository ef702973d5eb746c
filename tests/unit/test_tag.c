#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "cli/output/tag.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ---- looking at outputs ---- */

static struct covey_output *output_of(const char *data, size_t len)
{
	struct covey_output *output = covey_output_new(1 << 20, NULL);

	assert_non_null(output);
	assert_int_equal(covey_output_append(output, data, len), 0);
	return output;
}

/* All of it, for the caller to free. */
static char *bytes_of(const struct covey_output *output, size_t *len)
{
	size_t size = (size_t)covey_output_size(output), at = 0;
	char *bytes = malloc(size + 1);

	assert_non_null(bytes);
	while (at < size) {
		ssize_t n = covey_output_read(output, at, bytes + at, size - at);

		assert_true(n > 0);
		at += (size_t)n;
	}
	bytes[size] = '\0';
	*len = size;
	return bytes;
}

static void assert_bytes(const struct covey_output *output, const char *expected, size_t len)
{
	size_t got_len;
	char *got = bytes_of(output, &got_len);

	assert_int_equal(got_len, len);
	assert_memory_equal(got, expected, len);
	free(got);
}

/* The slow and simple way to do the same; returns the length. */
static size_t tagged_by_hand(const char *data, size_t len, const char *tag, char *result)
{
	size_t at = 0;

	for (size_t i = 0; i < len; i++) {
		if (i == 0 || data[i - 1] == '\n') {
			memcpy(result + at, tag, strlen(tag));
			at += strlen(tag);
		}
		result[at++] = data[i];
	}
	return at;
}

/* ---- whole outputs ---- */

static void lines(void **state)
{
	static const struct {
		const char *text, *tagged;
	} cases[] = {
		{ "", "" },
		{ "\n", "t:\n" },
		{ "\n\n", "t:\nt:\n" },
		{ "a", "t:a" },
		{ "a\n", "t:a\n" },
		{ "a\nb", "t:a\nt:b" },
		{ "a\n\nb\n", "t:a\nt:\nt:b\n" },
		{ "\na", "t:\nt:a" },
		{ "a\rb\n", "t:a\rb\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_output *output = output_of(cases[i].text, strlen(cases[i].text));
		struct covey_output *tagged = tag_lines(output, "t:", 2);

		assert_non_null(tagged);
		assert_bytes(tagged, cases[i].tagged, strlen(cases[i].tagged));
		/* a copy: the other stays as it was */
		assert_bytes(output, cases[i].text, strlen(cases[i].text));
		covey_output_free(tagged);
		covey_output_free(output);
	}
}

static void bytes_are_bytes(void **state)
{
	struct covey_output *output = output_of("\0\xff\n\0\n", 5);
	struct covey_output *tagged = tag_lines(output, "\0\n", 2);

	(void)state;
	assert_non_null(tagged);
	assert_bytes(tagged, "\0\n\0\xff\n\0\n\0\n", 9);
	covey_output_free(tagged);
	covey_output_free(output);
}

static void empty_tag(void **state)
{
	struct covey_output *output = output_of("a\nb", 3);
	struct covey_output *tagged = tag_lines(output, "", 0);

	(void)state;
	assert_non_null(tagged);
	assert_bytes(tagged, "a\nb", 3);
	covey_output_free(tagged);
	covey_output_free(output);
}

/* Lines of every length around the size in which outputs are read, none of it torn or doubled. */
static void long_outputs(void **state)
{
	enum { LEN = 200000 };
	char *data = malloc(LEN), *expected = malloc(LEN * 4);
	struct covey_output *output, *tagged;
	size_t at = 0, line = 0, len;

	(void)state;
	assert_true(data != NULL && expected != NULL);
	while (at < LEN) {
		/* from empty lines to one that does not fit into 16 KiB, and again */
		size_t n = line++ % 40 * 423;

		for (; n > 0 && at < LEN - 1; n--, at++)
			data[at] = (char)('a' + at % 26);
		data[at++] = '\n';
	}
	output = output_of(data, LEN);
	tagged = tag_lines(output, "tag\t", 4);
	assert_non_null(tagged);
	len = tagged_by_hand(data, LEN, "tag\t", expected);
	assert_bytes(tagged, expected, len);
	covey_output_free(tagged);
	covey_output_free(output);
	free(expected);
	free(data);
}

/* ---- what --max-output has cut ---- */

static struct covey_output *limited_to(uint64_t max_output, const char *text)
{
	const struct cv_capture_limits limits = {
		.spill_bytes = 1 << 20, .max_output = max_output, .tmpdir = "/tmp",
	};
	struct covey_output *output = cv_output_create(&limits);

	assert_non_null(output);
	assert_int_equal(covey_output_append(output, text, strlen(text)), 0);
	return output;
}

static void cuts_are_named(void **state)
{
	static const struct {
		const char *text, *tagged;
	} cases[] = {
		/* in the middle of a line */
		{ "ab\ncdefghij\nkl", "t:ab\nt:c\nt:[covey: 6 bytes cut here]\nt:j\nt:kl" },
		/* where a line ends, and where one begins */
		{ "abc\nXXXX\nxyz", "t:abc\nt:\nt:[covey: 4 bytes cut here]\nt:\nt:xyz" },
		{ "abc\nXXXX\nxy\n", "t:abc\nt:\nt:[covey: 4 bytes cut here]\nt:\nt:xy\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_output *output = limited_to(8, cases[i].text), *tagged;

		assert_true(covey_output_cut(output, NULL) > 0);
		tagged = tag_lines(output, "t:", 2);
		assert_non_null(tagged);
		assert_bytes(tagged, cases[i].tagged, strlen(cases[i].tagged));
		assert_int_equal(covey_output_cut(tagged, NULL), 0);
		covey_output_free(tagged);
		covey_output_free(output);
	}
}

/* Nothing of it was kept but a tail. */
static void cut_at_the_start(void **state)
{
	struct covey_output *output = limited_to(1, "abcd"), *tagged;
	uint64_t at = 7;

	(void)state;
	assert_int_equal(covey_output_cut(output, &at), 3);
	tagged = tag_lines(output, "t:", 2);
	assert_non_null(tagged);
	assert_int_equal(at, 0);
	assert_bytes(tagged, "t:\nt:[covey: 3 bytes cut here]\nt:d", 34);
	covey_output_free(tagged);
	covey_output_free(output);
}

/* ---- piece by piece ---- */

static void pieces(void **state)
{
	static const char text[] = "one\n\ntwo\nthree\n\n\nfour";
	char expected[200];
	size_t len = tagged_by_hand(text, strlen(text), "<t>", expected);

	(void)state;
	for (size_t step = 1; step <= strlen(text); step++) {
		struct covey_output *output = covey_output_new(1 << 20, NULL);
		bool at_start = true;

		assert_non_null(output);
		for (size_t at = 0; at < strlen(text); at += step) {
			size_t n = strlen(text) - at < step ? strlen(text) - at : step;

			assert_int_equal(tag_append(output, text + at, n, "<t>", 3, &at_start), 0);
			assert_int_equal(at_start, text[at + n - 1] == '\n');
		}
		assert_bytes(output, expected, len);
		covey_output_free(output);
	}
}

static void start_is_kept(void **state)
{
	struct covey_output *output = covey_output_new(1 << 20, NULL);
	bool at_start = false;

	(void)state;
	assert_non_null(output);
	assert_int_equal(tag_append(output, "", 0, "t:", 2, &at_start), 0);
	assert_false(at_start);
	assert_int_equal(tag_append(output, "end\n", 4, "t:", 2, &at_start), 0);
	assert_true(at_start);
	assert_int_equal(tag_append(output, "", 0, "t:", 2, &at_start), 0);
	assert_true(at_start);
	assert_bytes(output, "end\n", 4);
	covey_output_free(output);
}

/* No room in memory, and nowhere to make a file. */
static void errors_are_told(void **state)
{
	struct covey_output *output = covey_output_new(4, "/dev/null");
	bool at_start = true;

	(void)state;
	assert_non_null(output);
	errno = 0;
	assert_int_equal(tag_append(output, "too long\n", 9, "t:", 2, &at_start), -1);
	assert_int_equal(errno, ENOTDIR);
	covey_output_free(output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(bytes_are_bytes),
		cmocka_unit_test(empty_tag),
		cmocka_unit_test(long_outputs),
		cmocka_unit_test(cuts_are_named),
		cmocka_unit_test(cut_at_the_start),
		cmocka_unit_test(pieces),
		cmocka_unit_test(start_is_kept),
		cmocka_unit_test(errors_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
