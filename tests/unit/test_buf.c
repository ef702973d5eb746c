/* Buffers against a model: one large array that never moves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "chance.h"

enum { STEPS = 4000, MODEL_SIZE = 1 << 20, LONGEST = 3000 };

static void test_all_zero_is_empty(void **state)
{
	struct buf buf = { .at = NULL };

	(void)state;
	buf_clear(&buf);
	buf_drop(&buf, 0);
	assert_int_equal(buf.len, 0);
	assert_null(buf.at);
	buf_release(&buf);
}

static void test_what_is_added_is_a_string(void **state)
{
	struct buf buf = { .at = NULL };

	(void)state;
	assert_int_equal(buf_add(&buf, NULL, 0), 0);
	assert_string_equal(buf.at, "");
	assert_int_equal(buf_add_text(&buf, "one"), 0);
	assert_int_equal(buf_add(&buf, " two", 4), 0);
	assert_string_equal(buf.at, "one two");
	assert_int_equal(buf.len, 7);
	buf_drop(&buf, 4);
	assert_string_equal(buf.at, "two");
	buf_clear(&buf);
	assert_string_equal(buf.at, "");
	buf_release(&buf);
	assert_null(buf.at);
	assert_int_equal(buf.size, 0);
}

static void test_a_word_has_its_nul(void **state)
{
	struct buf buf = { .at = NULL };

	(void)state;
	assert_int_equal(buf_add_word(&buf, "ab", 1), 0);
	assert_int_equal(buf_add_word(&buf, "", 0), 0);
	assert_int_equal(buf_add_word(&buf, "cd", 2), 0);
	assert_int_equal(buf.len, 6);
	assert_memory_equal(buf.at, "a\0\0cd\0", 7);
	buf_release(&buf);
}

/* What can be reserved can be written to, and nothing moves before it is full. */
static void test_reserved_room_is_there(void **state)
{
	struct buf buf = { .at = NULL };
	const char *at;

	(void)state;
	assert_int_equal(buf_reserve(&buf, 1000), 0);
	assert_true(buf.size > 1000);
	at = buf.at;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(buf_add(&buf, "x", 1), 0);
	assert_ptr_equal(buf.at, at);
	buf_clear(&buf);
	assert_int_equal(buf_reserve(&buf, 1000), 0);
	assert_ptr_equal(buf.at, at);
	buf_release(&buf);
}

static void test_sizes_that_overflow(void **state)
{
	static const size_t sizes[] = {
		SIZE_MAX, SIZE_MAX - 1, SIZE_MAX - 3, SIZE_MAX - 4, SIZE_MAX / 2, (size_t)PTRDIFF_MAX,
	};
	struct buf buf = { .at = NULL };
	struct buf before;

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		assert_int_equal(buf_reserve(&buf, sizes[i]), -1);
	assert_null(buf.at);
	assert_int_equal(buf_add_text(&buf, "abc"), 0);
	before = buf;
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		assert_int_equal(buf_reserve(&buf, sizes[i]), -1);
		assert_int_equal(buf_add(&buf, "", sizes[i]), -1);
		assert_int_equal(buf_add_word(&buf, "", sizes[i]), -1);
	}
	assert_memory_equal(&buf, &before, sizeof buf);
	assert_string_equal(buf.at, "abc");
	buf_release(&buf);
}

/* ---- the model ---- */

struct model {
	char *bytes;
	size_t len;
};

static void random_step(struct buf *buf, struct model *model)
{
	char *bytes = model->bytes + model->len;
	size_t n = skewed(LONGEST);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)below(256);
	switch (below(8)) {
	case 0:
		buf_clear(buf);
		model->len = 0;
		return;
	case 1:
		n = below((uint32_t)model->len + 1);
		buf_drop(buf, n);
		model->len -= n;
		memmove(model->bytes, model->bytes + n, model->len);
		return;
	case 2:
		assert_int_equal(buf_reserve(buf, n), 0);
		assert_true(buf->size - buf->len > n);
		return;
	case 3:
		bytes[n] = '\0';
		assert_int_equal(buf_add_text(buf, bytes), 0);
		n = strlen(bytes);
		break;
	case 4:
		assert_int_equal(buf_add_word(buf, bytes, n), 0);
		bytes[n++] = '\0';
		break;
	default:
		assert_int_equal(buf_add(buf, bytes, n), 0);
		break;
	}
	model->len += n;
}

static void test_against_the_model(void **state)
{
	struct model model = { .bytes = malloc(MODEL_SIZE) };
	struct buf buf = { .at = NULL };

	(void)state;
	assert_non_null(model.bytes);
	for (int i = 0; i < STEPS; i++) {
		random_step(&buf, &model);
		assert_int_equal(buf.len, model.len);
		assert_true(buf.at == NULL ? buf.len == 0 : buf.size > buf.len);
		if (buf.len > 0)
			assert_memory_equal(buf.at, model.bytes, model.len);
		if (model.len > MODEL_SIZE / 2) {
			buf_clear(&buf);
			model.len = 0;
		}
	}
	buf_release(&buf);
	free(model.bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_zero_is_empty),
		cmocka_unit_test(test_what_is_added_is_a_string),
		cmocka_unit_test(test_a_word_has_its_nul),
		cmocka_unit_test(test_reserved_room_is_there),
		cmocka_unit_test(test_sizes_that_overflow),
		cmocka_unit_test(test_against_the_model),
	};

	choose_seed();
	printf("# COVEY_TEST_SEED=%llu repeats this\n", (unsigned long long)seed);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
