/*
 * driver - runs a fuzz target on files, where no fuzzing engine does
 *
 *	fuzz_NAME            every file of tests/fuzz/corpus/NAME, as TAP: an ordinary test
 *	fuzz_NAME FILE...    these files, such as what a fuzzer has found
 *
 * A target fails by crashing, by abort() or by a sanitizer's complaint. That is what libFuzzer's own
 * main does, too: this one takes its place where there is none.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

/* The file's bytes in a block of just that size, so that a sanitizer sees the first byte too many. */
static uint8_t *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	long size;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0)
		err(1, "cannot read '%s'", path);
	rewind(f);
	bytes = malloc(size > 0 ? (size_t)size : 1);
	if (bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size)
		err(1, "cannot read '%s'", path);
	fclose(f);
	*len = (size_t)size;
	return bytes;
}

static void run_file(const char *path)
{
	size_t len;
	uint8_t *bytes = slurp(path, &len);

	LLVMFuzzerTestOneInput(bytes, len);
	free(bytes);
}

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* The name is said before the file is run, so that it is known which one has ended everything. */
static void run_corpus(const char *dir)
{
	struct dirent **entries;
	int n = scandir(dir, &entries, is_input, alphasort);

	if (n < 0)
		err(1, "cannot read '%s'", dir);
	if (n == 0)
		errx(1, "there is nothing in '%s'", dir);
	printf("1..%d\n", n);
	for (int i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, "%s/%s", dir, entries[i]->d_name) < 0)
			err(1, "cannot name '%s'", entries[i]->d_name);
		printf("# %s\n", path);
		fflush(stdout);
		run_file(path);
		printf("ok %d - %s\n", i + 1, entries[i]->d_name);
		free(path);
		free(entries[i]);
	}
	free(entries);
}

int main(int argc, char *argv[])
{
	const char *source = getenv("COVEY_SRC");
	const char *name = strstr(program_invocation_short_name, "fuzz_");
	char *dir;

	for (int i = 1; i < argc; i++)
		run_file(argv[i]);
	if (argc > 1)
		return 0;
	if (source == NULL || name == NULL)
		errx(1, "COVEY_SRC must name the source directory, or an argument a file");
	if (asprintf(&dir, "%s/tests/fuzz/corpus/%s", source, name + strlen("fuzz_")) < 0)
		err(1, "cannot name the corpus of '%s'", name);
	run_corpus(dir);
	free(dir);
	return 0;
}
