/*
 * Mounts and control groups: each line of the input is parsed as one of mountinfo, and as one of
 * cgroup. The whole input is also made the root of a mount, which must come out as it went in.
 */
#include <stdbool.h>

#include "base/mountinfo.h"
#include "fuzz.h"

/* Does the text lie in the line, which has been cut up? */
static bool within(const char *text, const char *line, size_t len)
{
	return text >= line && text + strlen(text) <= line + len;
}

static void check_mount(char *line)
{
	size_t len = strlen(line);
	struct cv_mount mount;
	const char *below;

	if (!cv_mount_parse(line, &mount))
		return;
	FUZZ_CHECK(within(mount.root, line, len) && mount.root[0] != '\0');
	FUZZ_CHECK(within(mount.point, line, len) && mount.point[0] != '\0');
	FUZZ_CHECK(within(mount.type, line, len) && mount.type[0] != '\0');
	FUZZ_CHECK(within(mount.options, line, len));
	FUZZ_CHECK(cv_mount_hierarchy(&mount, NULL) != CV_HIERARCHY_V1);
	if (cv_mount_hierarchy(&mount, "cpu") == CV_HIERARCHY_V1)
		FUZZ_CHECK(strstr(mount.options, "cpu") != NULL);
	below = cv_mount_below(&mount, mount.point);
	if (below != NULL)
		FUZZ_CHECK(within(below, mount.point, strlen(mount.point))
		    && (below[0] == '\0' || below[0] == '/'));
}

static void check_member(char *line)
{
	size_t len = strlen(line);
	struct cv_member member;

	if (!cv_member_parse(line, &member))
		return;
	FUZZ_CHECK(within(member.controllers, line, len) && within(member.path, line, len));
	FUZZ_CHECK(strchr(member.controllers, ':') == NULL && strchr(member.path, '\n') == NULL);
	FUZZ_CHECK((cv_member_hierarchy(&member, NULL) == CV_HIERARCHY_V2)
	    == (member.controllers[0] == '\0'));
}

/* Writes the text as the kernel does: four bytes for each of some, a NUL at the end. */
static void escape(const char *text, char *to)
{
	for (; *text != '\0'; text++)
		if (strchr(" \t\n\\", *text) != NULL)
			to += snprintf(to, 5, "\\%03o", (unsigned)*text);
		else
			*to++ = *text;
	*to = '\0';
}

static void check_round_trip(const char *root)
{
	size_t size = 4 * strlen(root) + 64;
	char *escaped = malloc(size), *line = malloc(size);
	struct cv_mount mount;

	if (escaped == NULL || line == NULL)
		abort();
	escape(root, escaped);
	snprintf(line, size, "30 23 0:26 /%s /mnt rw shared:1 - cgroup2  rw\n", escaped);
	FUZZ_CHECK(cv_mount_parse(line, &mount));
	FUZZ_CHECK(mount.root[0] == '/' && strcmp(mount.root + 1, root) == 0);
	FUZZ_CHECK(strcmp(mount.point, "/mnt") == 0 && strcmp(mount.options, "rw") == 0);
	FUZZ_CHECK(cv_mount_hierarchy(&mount, NULL) == CV_HIERARCHY_V2);
	free(escaped);
	free(line);
}

/* The path of v2 is that of the first line that has one. */
static void check_path(const char *text)
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	char *path = cv_member_path(file, CV_HIERARCHY_V2, NULL);

	if (path != NULL)
		FUZZ_CHECK(strchr(path, '\n') == NULL && strstr(text, path) != NULL);
	free(path);
	if (file != NULL)
		fclose(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size), *line;

	check_path(text);
	check_round_trip(text);
	free(text);
	while (size > 0) {
		const uint8_t *at = data;
		size_t left = size;

		check_mount(line = fuzz_line(&at, &left));
		free(line);
		check_member(line = fuzz_line(&data, &size));
		free(line);
	}
	return 0;
}
