#include "base/mountinfo.h"

#include <stdlib.h>
#include <string.h>

/* Is the word in the list, which has commas between its words? */
static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (; list != NULL; list = strchr(list, ',')) {
		list += *list == ',';
		if (strncmp(list, word, len) == 0 && (list[len] == ',' || list[len] == '\0'))
			return true;
	}
	return false;
}

/* ---- mountinfo ---- */

/* The byte that \NNN at text stands for; 0 where there is no such thing. */
static int escaped_byte(const char *text)
{
	int byte = 0;

	if (text[0] != '\\' || text[1] > '3')
		return 0;
	for (int i = 1; i <= 3; i++) {
		if (text[i] < '0' || text[i] > '7')
			return 0;
		byte = byte * 8 + (text[i] - '0');
	}
	return byte;
}

/* The kernel writes blanks, tabs, newlines and backslashes in paths as \040, \011, \012, \134. */
static void unescape(char *text)
{
	char *to = text;

	while (*text != '\0') {
		int byte = escaped_byte(text);

		*to++ = byte != 0 ? (char)byte : *text;
		text += byte != 0 ? 4 : 1;
	}
	*to = '\0';
}

/* 36 35 98:0 ROOT POINT OPTIONS TAG... - TYPE SOURCE OPTIONS, of which SOURCE may be empty */
bool cv_mount_parse(char *line, struct cv_mount *mount)
{
	char *root, *point, *type, *field;

	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < 3; i++)
		strsep(&line, " ");
	root = strsep(&line, " ");
	point = strsep(&line, " ");
	do
		field = strsep(&line, " ");
	while (field != NULL && strcmp(field, "-") != 0);
	type = strsep(&line, " ");
	strsep(&line, " ");
	if (line == NULL || *root == '\0' || *point == '\0' || *type == '\0')
		return false;
	unescape(root);
	unescape(point);
	*mount = (struct cv_mount){ root, point, type, line };
	return true;
}

enum cv_hierarchy cv_mount_hierarchy(const struct cv_mount *mount, const char *controller)
{
	if (strcmp(mount->type, "cgroup2") == 0)
		return CV_HIERARCHY_V2;
	return controller != NULL && strcmp(mount->type, "cgroup") == 0
	    && has_word(mount->options, controller) ? CV_HIERARCHY_V1 : CV_HIERARCHY_NONE;
}

/* Does the path leave its beginning by a component ".."? */
static bool goes_up(const char *path)
{
	const char *at = path;

	while ((at = strstr(at, "/..")) != NULL) {
		at += 3;
		if (*at == '/' || *at == '\0')
			return true;
	}
	return false;
}

const char *cv_mount_below(const struct cv_mount *mount, const char *path)
{
	size_t len = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);

	if (strncmp(path, mount->root, len) != 0)
		return NULL;
	path += len;
	/* the kernel shows a group outside of our cgroup namespace as /../… */
	return (*path == '/' || *path == '\0') && !goes_up(path) ? path : NULL;
}

/* ---- cgroup ---- */

/* ID:CONTROLLERS:PATH; nothing is escaped, as no group's name has a newline in it */
bool cv_member_parse(char *line, struct cv_member *member)
{
	char *controllers;

	line[strcspn(line, "\n")] = '\0';
	strsep(&line, ":");
	controllers = strsep(&line, ":");
	if (line == NULL)
		return false;
	*member = (struct cv_member){ controllers, line };
	return true;
}

enum cv_hierarchy cv_member_hierarchy(const struct cv_member *member, const char *controller)
{
	if (member->controllers[0] == '\0')
		return CV_HIERARCHY_V2;
	return controller != NULL && has_word(member->controllers, controller)
	    ? CV_HIERARCHY_V1 : CV_HIERARCHY_NONE;
}

char *cv_member_path(FILE *file, enum cv_hierarchy which, const char *controller)
{
	char *line = NULL, *path = NULL;
	struct cv_member member;
	size_t cap = 0;

	while (file != NULL && path == NULL && getline(&line, &cap, file) > 0) {
		if (cv_member_parse(line, &member)
		    && cv_member_hierarchy(&member, controller) == which)
			path = strdup(member.path);
	}
	free(line);
	return path;
}
