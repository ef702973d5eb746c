#include "cli/command/sh/sh_call.h"

#include <string.h>

#include "cli/command/sh/sh_reader.h"

static bool is_among(const char *text, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(text, names[i]) == 0)
			return true;
	return false;
}

static bool is_shell(const char *name)
{
	static const char *const shells[] = {
		"sh", "ash", "bash", "csh", "dash", "ksh", "ksh93", "lksh", "mksh", "posh", "rbash", "tcsh",
		"yash", "zsh",
	};
	const char *slash = strrchr(name, '/');

	return is_among(slash != NULL ? slash + 1 : name, shells, sizeof shells / sizeof shells[0]);
}

static void long_option(struct sh_call *call, const char *option)
{
	static const char *const with_argument[] = { "--rcfile", "--init-file", "--emulate" };

	if (option[2] == '\0')
		call->state = SHCALL_OPERAND;
	else if (is_among(option, with_argument, sizeof with_argument / sizeof with_argument[0]))
		call->arguments++;
}

/* Letters that may be together, each -o with a word of its own. */
static void short_options(struct sh_call *call, const char *option)
{
	call->code = call->code || strchr(option, 'c') != NULL;
	call->standard_input = call->standard_input || strchr(option, 's') != NULL;
	for (; *option != '\0'; option++)
		call->arguments += *option == 'o' || *option == 'O';
}

static void option(struct sh_call *call, const char *text)
{
	if (text[0] == '-' && text[1] == '-')
		long_option(call, text);
	else if (strcmp(text, "-") == 0)
		call->state = SHCALL_OPERAND;
	else
		short_options(call, text);
}

static bool is_option(const struct word *w)
{
	return w->literal && is_one_of(w->value[0], "-+");
}

/* An item, which may look like anything, is how it begins. */
static bool may_be_option(const struct word *w)
{
	return w->item && (w->len == 0 || is_one_of(w->value[0], "-+"));
}

void sh_call_follow(struct sh_call *call, const struct word *w)
{
	bool waits = call->state == SHCALL_OPTIONS || call->state == SHCALL_OPERAND;

	if (call->state == SHCALL_ZERO)
		call->state = SHCALL_NONE;
	else if (waits && call->arguments > 0)
		call->arguments--;
	else if (call->state == SHCALL_OPTIONS && is_option(w))
		option(call, w->value);
	else if (waits && call->code)
		call->state = SHCALL_ZERO;
	else if (w->literal && is_shell(w->value))
		*call = (struct sh_call){ .state = SHCALL_OPTIONS };
	else if (call->state == SHCALL_OPTIONS && may_be_option(w))
		call->state = SHCALL_ITEM;
	else if (call->state != SHCALL_ITEM)
		call->state = SHCALL_NONE;
}

const char *sh_call_refusal(const struct sh_call *call, bool several)
{
	bool waits = call->state == SHCALL_OPTIONS || call->state == SHCALL_OPERAND;

	if (waits && call->arguments == 0 && call->code)
		return "would be run as code by the shell that is called here: pass it as an argument, as "
		    "in sh -c 'echo \"$1\"' sh {}";
	if ((call->state == SHCALL_OPTIONS && several) || call->state == SHCALL_ITEM)
		return "could be an option of the shell that is called here, or its code: write -- before "
		    "the first item";
	return NULL;
}

bool sh_call_options(const struct sh_call *call)
{
	return call->state == SHCALL_OPTIONS && call->arguments == 0 && !call->code;
}

bool sh_call_reads_code(const struct sh_call *call)
{
	return call->standard_input || call->state == SHCALL_ITEM
	    || ((call->state == SHCALL_OPTIONS || call->state == SHCALL_OPERAND) && !call->code);
}
