#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/shquote.h"

extern char **environ;

static const char *const words[][2] = {
	{ "plain", "plain" }, { "a@%+=:,./_-Z09", "a@%+=:,./_-Z09" }, { "", "''" },
	{ "two words", "'two words'" }, { "it's", "'it'\\''s'" }, { "'", "''\\'''" },
	{ "$(x)", "'$(x)'" }, { "~", "'~'" }, { "~/x", "'~/x'" }, { "#x", "'#x'" }, { "*", "'*'" },
	{ "a\\b", "'a\\b'" }, { "{}", "'{}'" }, { "-n", "-n" }, { "!", "'!'" },
	{ "a\nb", "$'a\\nb'" }, { "\t", "$'\\t'" }, { "\r", "$'\\r'" }, { "\x1b[31m", "$'\\x1b[31m'" },
	{ "\x7f", "$'\\x7f'" }, { "a'\n\\", "$'a\\'\\n\\\\'" }, { "\x01" "a", "$'\\x01a'" },
	{ "é", "'é'" }, { "日本", "'日本'" }, { "😀", "'😀'" },
	{ "\xff", "$'\\xff'" }, { "\xc3", "$'\\xc3'" }, { "é\xc3", "$'é\\xc3'" },
	{ "\xc2\x9b" "31m", "$'\\xc2\\x9b31m'" },          /* CSI, as one character */
	{ "\x9b" "31m", "$'\\x9b31m'" },
	{ "\xc0\x80", "$'\\xc0\\x80'" },                   /* overlong */
	{ "\xe0\x80\xaf", "$'\\xe0\\x80\\xaf'" }, { "\xf0\x80\x80\xaf", "$'\\xf0\\x80\\x80\\xaf'" },
	{ "\xed\xa0\x80", "$'\\xed\\xa0\\x80'" },          /* a surrogate */
	{ "\xf4\x90\x80\x80", "$'\\xf4\\x90\\x80\\x80'" }, /* past the last character */
	{ "\xf5", "$'\\xf5'" },
	{ "a\u202eb", "$'a\\xe2\\x80\\xaeb'" }, { "\u202a", "$'\\xe2\\x80\\xaa'" },
	{ "\u2066", "$'\\xe2\\x81\\xa6'" }, { "\u2069", "$'\\xe2\\x81\\xa9'" },
	{ "\u200e", "$'\\xe2\\x80\\x8e'" }, { "\u200f", "$'\\xe2\\x80\\x8f'" },
	{ "\u2028", "$'\\xe2\\x80\\xa8'" }, { "\u2029", "$'\\xe2\\x80\\xa9'" },
	{ "\u061c", "$'\\xd8\\x9c'" },
	{ "\u200b", "'\u200b'" }, { "\u2065", "'\u2065'" }, { "\u206a", "'\u206a'" }, { "\u00a0", "'\u00a0'" },
};

enum { NWORDS = sizeof words / sizeof words[0] };

static void test_words(void **state)
{
	char buf[200];

	(void)state;
	for (int i = 0; i < NWORDS; i++) {
		assert_int_equal(shquote_word(buf, sizeof buf, words[i][0]), strlen(words[i][1]));
		assert_string_equal(buf, words[i][1]);
	}
}

static void test_command_names(void **state)
{
	static const char *const cases[][3] = {
		{ "a=b", "a=b", "'a=b' a=b" }, { "if", "if", "'if' if" }, { "time", "do", "'time' do" },
		{ "ls", "-l", "ls -l" }, { "~x", "~x", "'~x' '~x'" }, { "a\n=", "", "$'a\\n=' ''" },
		{ "", "x", "'' x" },
	};
	char buf[200];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *const argv[] = { cases[i][0], cases[i][1], NULL };

		assert_int_equal(shquote_argv(buf, sizeof buf, argv), strlen(cases[i][2]));
		assert_string_equal(buf, cases[i][2]);
	}
	assert_int_equal(shquote_argv(buf, sizeof buf, (const char *const[]){ NULL }), 0);
	assert_string_equal(buf, "");
}

static void test_small_buffers(void **state)
{
	static const char *const argv[] = { "a b", "c\nd", NULL };
	static const char whole[] = "'a b' $'c\\nd'";
	char buf[32];

	(void)state;
	assert_int_equal(shquote_argv(NULL, 0, argv), sizeof whole - 1);
	for (size_t size = 1; size < sizeof buf; size++) {
		size_t n = size - 1 < sizeof whole - 1 ? size - 1 : sizeof whole - 1;

		memset(buf, '!', sizeof buf);
		assert_int_equal(shquote_argv(buf, size, argv), sizeof whole - 1);
		assert_memory_equal(buf, whole, n);
		assert_int_equal(buf[n], '\0');
		if (size > n + 1 || n + 1 < sizeof buf)
			assert_int_equal(buf[n + 1], '!');
	}
}

static void test_cut(void **state)
{
	static const struct {
		const char *word;
		size_t limit;
		const char *cut;
	} cases[] = {
		{ "abcde", 5, "abcde" }, { "abcdef", 5, "abcd…" }, { "éééééé", 8, "'éééééé'" },
		{ "éééééé", 7, "'ééééé…" }, { "a b", 5, "'a b'" }, { "a b", 4, "'a …" }, { "abc", 1, "…" },
		{ "abc", 0, "" },
		{ "x\x1by", 8, "$'x\\x1b…" }, { "x\x1by", 7, "$'x…" },    /* escapes are not cut apart */
		{ "it's it", 6, "'it…" },
	};
	char buf[64], small[4];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(shquote_word_cut(buf, sizeof buf, cases[i].word, cases[i].limit),
		    strlen(cases[i].cut));
		assert_string_equal(buf, cases[i].cut);
	}
	assert_int_equal(shquote_word_cut(small, sizeof small, "abcdef", 5), 7);
	assert_string_equal(small, "abc");
}

static void test_cut_of_a_long_command(void **state)
{
	char *word = malloc(1000001), buf[1000];
	const char *const argv[] = { "echo", word, word, NULL };

	(void)state;
	assert_non_null(word);
	memset(word, 'x', 1000000);
	word[1000000] = '\0';
	assert_int_equal(shquote_argv_cut(buf, sizeof buf, argv, SHQUOTE_LIMIT), 199 + strlen("…"));
	assert_memory_equal(buf, "echo xxx", 8);
	assert_string_equal(buf + 199, "…");
	free(word);
}

static void test_plain_text(void **state)
{
	static const char text[] = "it's \"$x\"\n\t\x1b[1m\\ é\xff\0z\u202e";
	char buf[200];

	(void)state;
	shquote_plain(buf, sizeof buf, text, sizeof text - 1);
	assert_string_equal(buf, "it's \"$x\"\\n\\t\\x1b[1m\\ é\\xff\\x00z\\xe2\\x80\\xae");
	shquote_plain(buf, sizeof buf, "é", 1);
	assert_string_equal(buf, "\\xc3");
	assert_int_equal(shquote_plain(buf, sizeof buf, text, 0), 0);
	assert_string_equal(buf, "");
	shquote_plain_cut(buf, sizeof buf, "abc\ndef", 7, 5);
	assert_string_equal(buf, "abc…");
}

/* What bash makes of the quoted line: each word and a NUL. */
static size_t read_back(const char *line, char *out, size_t size)
{
	char script[4096];
	const char *argv[] = { "bash", "-c", script, NULL };
	posix_spawn_file_actions_t actions;
	int ends[2], status;
	size_t used = 0;
	ssize_t n;
	pid_t pid;

	assert_true(snprintf(script, sizeof script, "printf '%%s\\0' %s", line) < (int)sizeof script);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&actions, ends[1], 1), 0);
	assert_int_equal(posix_spawn_file_actions_addclose(&actions, ends[0]), 0);
	assert_int_equal(posix_spawn(&pid, "/bin/bash", &actions, NULL, (char *const *)argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	while ((n = read(ends[0], out + used, size - used)) > 0)
		used += (size_t)n;
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return used;
}

static void test_bash_reads_it_back(void **state)
{
	const char *argv[NWORDS + 2] = { "a=b" };
	char line[4096], out[4096];
	size_t len, at = 0;

	(void)state;
	if (access("/bin/bash", X_OK) != 0)
		skip();
	for (int i = 0; i < NWORDS; i++)
		argv[i + 1] = words[i][0];
	assert_true(shquote_argv(line, sizeof line, argv) < sizeof line);
	len = read_back(line, out, sizeof out);
	for (int i = 0; i <= NWORDS; i++) {
		assert_true(at < len);
		assert_string_equal(out + at, argv[i]);
		at += strlen(out + at) + 1;
	}
	assert_int_equal(at, len);
}

/* Whatever goes in, what comes out is one line of well-formed, harmless UTF-8. */
static void test_any_bytes(void **state)
{
	uint64_t seed = 1;
	char word[16], buf[200], again[400];

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t len = (size_t)(i % 15);

		for (size_t j = 0; j < len; j++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			word[j] = (char)(1 + (seed >> 40) % 255);
		}
		word[len] = '\0';
		shquote_word(buf, sizeof buf, word);
		for (const char *p = buf; *p != '\0'; p++)
			assert_true((unsigned char)*p >= ' ' && *p != '\x7f');
		/* nothing is left to escape */
		shquote_plain(again, sizeof again, buf, strlen(buf));
		assert_string_equal(again, buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_command_names),
		cmocka_unit_test(test_small_buffers),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_cut_of_a_long_command),
		cmocka_unit_test(test_plain_text),
		cmocka_unit_test(test_bash_reads_it_back),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
