/*
 * MAKEFLAGS: the input is its value.
 *
 * What is found lies in the value; what is written names the new jobserver alone, can be written
 * again without a change, and keeps everything else.
 */
#include <stdbool.h>

#include "cli/run/makeflags.h"
#include "fuzz.h"

static const char ours[] = "fifo:/run/jobs";

static void check_found(const char *flags, const struct makeflags_auth *auth)
{
	const char *end = flags + strlen(flags);

	if (auth->style == MAKEFLAGS_NONE) {
		FUZZ_CHECK(auth->text == NULL);
		return;
	}
	FUZZ_CHECK(auth->text >= flags && auth->len > 0 && auth->text + auth->len <= end);
	FUZZ_CHECK(auth->text[-1] == '=' && memchr(auth->text, ' ', auth->len) == NULL);
	if (auth->style == MAKEFLAGS_FIFO)
		FUZZ_CHECK(auth->path_len > 0 && auth->path > auth->text
		    && auth->path + auth->path_len == auth->text + auth->len);
	else
		FUZZ_CHECK(auth->path == NULL);
	if (auth->style == MAKEFLAGS_PIPE)
		FUZZ_CHECK(memchr(auth->text, ',', auth->len) != NULL);
}

/* Takes a word off the flags; false at their end, and at the "--" that variables come after. */
static bool next_word(const char **flags, const char **word, size_t *len)
{
	*word = *flags + strspn(*flags, " ");
	*len = strcspn(*word, " ");
	*flags = *word + *len;
	return *len > 0 && !(*len == 2 && memcmp(*word, "--", 2) == 0);
}

/* How many jobservers are named? */
static size_t count_jobservers(const char *flags)
{
	static const char auth[] = "--jobserver-auth=", fds[] = "--jobserver-fds=";
	const char *word;
	size_t n = 0, len;

	while (next_word(&flags, &word, &len))
		n += (len >= sizeof auth && memcmp(word, auth, sizeof auth - 1) == 0)
		    || (len >= sizeof fds && memcmp(word, fds, sizeof fds - 1) == 0);
	return n;
}

/* The "--" and what comes after it, or "". */
static const char *variables(const char *flags)
{
	const char *word;
	size_t len;

	while (next_word(&flags, &word, &len))
		;
	return word;
}

static void check_written(const char *flags, const char *written)
{
	struct makeflags_auth auth;
	char *again;

	makeflags_find(written, &auth);
	FUZZ_CHECK(auth.style == MAKEFLAGS_FIFO && auth.len == strlen(ours)
	    && memcmp(auth.text, ours, auth.len) == 0);
	FUZZ_CHECK(count_jobservers(written) == 1);
	FUZZ_CHECK(strcmp(variables(written), variables(flags)) == 0);
	again = makeflags_with(written, 7, ours);
	FUZZ_CHECK(again != NULL && strcmp(again, written) == 0);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *flags = fuzz_string(data, size), *written;
	struct makeflags_auth auth;

	makeflags_find(flags, &auth);
	check_found(flags, &auth);
	written = makeflags_with(flags, 7, ours);
	FUZZ_CHECK(written != NULL);
	check_written(flags, written);
	free(written);
	free(flags);
	return 0;
}
