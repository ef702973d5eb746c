#include "journal/journal_key.h"

#include <sha2.h>
#include <stdint.h>
#include <string.h>

/* The kind of a hashed part. Never change a released value: journals contain the keys. */
enum part { PART_ARGUMENT = 1, PART_ENV, PART_CWD, PART_STDIN_FILE, PART_STDIN, PART_NAME };

/* The length goes first, so that two different lists of parts are never the same bytes. */
static void add(SHA2_CTX *hash, enum part part, const void *data, size_t len)
{
	unsigned char head[9] = { (unsigned char)part };
	uint64_t rest = len;

	for (int i = 1; i < 9; i++, rest >>= 8)
		head[i] = (unsigned char)rest;
	SHA256Update(hash, head, sizeof head);
	SHA256Update(hash, data, len);
}

static void add_text(SHA2_CTX *hash, enum part part, const char *text)
{
	if (text != NULL)
		add(hash, part, text, strlen(text));
}

static void add_texts(SHA2_CTX *hash, enum part part, const char *const *texts)
{
	for (; texts != NULL && *texts != NULL; texts++)
		add_text(hash, part, *texts);
}

static struct journal_key finish(SHA2_CTX *hash)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	struct journal_key key;

	SHA256Final(digest, hash);
	memcpy(key.bytes, digest, sizeof key.bytes);
	return key;
}

struct journal_key journal_key_of_name(const char *name)
{
	SHA2_CTX hash;

	SHA256Init(&hash);
	add_text(&hash, PART_NAME, name);
	return finish(&hash);
}

struct journal_key journal_key_of(const struct covey_command *command)
{
	SHA2_CTX hash;

	SHA256Init(&hash);
	add_texts(&hash, PART_ARGUMENT, command->argv);
	add_texts(&hash, PART_ENV, command->env);
	add_text(&hash, PART_CWD, command->cwd);
	if (command->stdin_source == COVEY_STDIN_FILE)
		add_text(&hash, PART_STDIN_FILE, command->stdin_path);
	if (command->stdin_source == COVEY_STDIN_BYTES)
		add(&hash, PART_STDIN, command->stdin_bytes, command->stdin_len);
	return finish(&hash);
}
