#include "cli/command/compose.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command/script.h"
#include "cli/command/template.h"

struct compose {
	const struct options *options;
	struct placeholder_syntax syntax;
	struct script *script;
	struct template *template;      /* of the command or script; NULL: records are shell lines */
	struct template *owned;         /* the one that is not the script's */
	struct template *tag;           /* of --tagstring, or NULL */
	struct template *line;          /* all items in one word: a shell line, the default tag */
	struct line_splitter *splitter;
	const char *shell_argv[5];      /* of the last shell line */
	struct covey *ex;               /* to ask whether commands exist; NULL: not yet */
};

static void set_syntax(struct compose *c, const struct header *header)
{
	const struct options *o = c->options;
	size_t sources = o->sources.n > 0 ? o->sources.n : 1;

	c->syntax = (struct placeholder_syntax){
		.replace = o->replace, .header = header, .columns = (unsigned)sources * o->max_args,
		.named = o->header || o->tasks != NULL,
	};
	if (o->colsep != NULL || o->header || o->xargs_line != NULL)
		c->syntax.columns = PLACEHOLDER_ANY_COLUMN;
}

static int compile_script(struct compose *c, struct error *err)
{
	char why[256];

	c->script = script_compile(c->options->script, &c->syntax, why, sizeof why);
	if (c->script == NULL)
		return error_set(err, "%s", why);
	c->template = script_shell(c->script);
	return 0;
}

static int compile_lines(struct compose *c, struct error *err)
{
	c->splitter = line_splitter_new();
	return c->splitter == NULL ? error_no_memory(err) : 0;
}

static int compile_command(struct compose *c, struct error *err)
{
	const struct options *o = c->options;
	char why[256];

	if (o->script != NULL)
		return compile_script(c, err);
	if (o->ncommand == 0 || o->once)
		return compile_lines(c, err);
	c->owned = template_compile(o->command, o->ncommand, &c->syntax, true, why, sizeof why);
	c->template = c->owned;
	return c->template == NULL ? error_set(err, "%s", why) : 0;
}

static int compile_text(struct compose *c, const char *text, struct template **t,
    struct error *err)
{
	char why[256];

	*t = template_compile_text(text, &c->syntax, why, sizeof why);
	return *t == NULL ? error_set(err, "%s", why) : 0;
}

static int compile_tag(struct compose *c, struct error *err)
{
	const char *tag = c->options->tagstring, *all = c->syntax.replace != NULL ? c->syntax.replace : "{}";

	if (tag != NULL && *tag != '\0' && compile_text(c, tag, &c->tag, err) != 0)
		return -1;
	return compile_text(c, all, &c->line, err);
}

struct compose *compose_new(const struct options *options, const struct header *header,
    struct error *err)
{
	struct compose *c = calloc(1, sizeof *c);

	if (c == NULL) {
		error_no_memory(err);
		return NULL;
	}
	c->options = options;
	set_syntax(c, header);
	if (compile_command(c, err) == 0 && compile_tag(c, err) == 0)
		return c;
	compose_free(c);
	return NULL;
}

void compose_free(struct compose *c)
{
	if (c == NULL)
		return;
	script_free(c->script);
	template_free(c->owned);
	template_free(c->tag);
	template_free(c->line);
	line_splitter_free(c->splitter);
	free(c);
}

bool compose_uses_slot(const struct compose *c)
{
	return c->template != NULL && template_uses_slot(c->template);
}

bool compose_has_tag(const struct compose *c)
{
	return c->options->tag || c->options->tagstring != NULL;
}

/* ---- can it be run? ---- */

static int cannot_run(const char *name, const struct covey_error *why, struct error *err)
{
	if (strpbrk(name, " \t\n;|&<>$") != NULL && why->sys_errno == ENOENT)
		return error_set(err, "there is no command '%s'; for a shell command line, use "
		    "covey -c '%s'", name, name);
	return error_set(err, "cannot run '%s': %s", name,
	    why->sys_errno == ENOENT ? "there is no such command" : strerror(why->sys_errno));
}

/* covey 'gzip {}': one COMMAND that was meant as a shell command line. */
static int check_line(const struct compose *c, struct error *err)
{
	static const struct covey_error why = { .sys_errno = ENOENT };
	const char *command = c->options->command[0];

	if (c->options->ncommand > 1 || strpbrk(command, " \t\n") == NULL)
		return 0;
	return cannot_run(command, &why, err);
}

/* Its name is fixed, and so any record will do. */
static bool is_there(struct template *t, struct covey *ex)
{
	struct template_values none = { .record = NULL };
	struct record empty;
	const char *const *argv;

	record_set_one(&empty, "", 0);
	none.record = &empty;
	argv = template_expand(t, &none);
	return argv != NULL && covey_find(ex, argv[0], NULL) == 0;
}

int compose_check(struct compose *c, struct covey *ex, struct error *err)
{
	struct covey_error why;
	struct template *direct;

	c->ex = ex;
	if (c->script != NULL) {
		/* a command that is not there is for the shell to complain about */
		direct = script_direct(c->script);
		if (direct != NULL && is_there(direct, ex))
			c->template = direct;
		return 0;
	}
	if (c->template == NULL)
		return 0;
	if (!template_has_fixed_command(c->template))
		return check_line(c, err);
	if (covey_find(ex, c->options->command[0], &why) == 0)
		return 0;
	return cannot_run(c->options->command[0], &why, err);
}

/* ---- the command ---- */

/* All items in one word, with blanks in between. */
static const struct span *joined(struct compose *c, const struct record *record, struct span *span)
{
	struct template_values values = { .record = record };
	const char *const *words;

	if (record->nitems == 1)
		return &record->items[0];
	words = template_expand(c->line, &values);
	if (words == NULL)
		return NULL;
	*span = (struct span){ words[0], strlen(words[0]) };
	return span;
}

const char *const *compose_shell_line(struct compose *c, const char *line, size_t len)
{
	const char *const *argv = script_split_line(c->splitter, line, len);
	size_t n = 0;

	if (argv != NULL && (c->ex == NULL || covey_find(c->ex, argv[0], NULL) == 0))
		return argv;
	c->shell_argv[n++] = SCRIPT_SHELL;
	c->shell_argv[n++] = "-c";
	/* sh would take such a line for options */
	if (line[0] == '-' || line[0] == '+')
		c->shell_argv[n++] = "--";
	c->shell_argv[n++] = line;
	c->shell_argv[n] = NULL;
	return c->shell_argv;
}

static const char *const *line_argv(struct compose *c, const struct record *record)
{
	struct span room;
	const struct span *line = joined(c, record, &room);

	return line == NULL ? NULL : compose_shell_line(c, line->text, line->len);
}

const char *const *compose_argv(struct compose *c, const struct record *record, uint64_t task,
    unsigned slot)
{
	struct template_values values = { .record = record, .task = task, .slot = slot };

	if (c->template == NULL)
		return line_argv(c, record);
	return template_expand(c->template, &values);
}

/* ---- the tag ---- */

static const char *expand_tag(struct compose *c, const struct record *record, uint64_t task)
{
	struct template_values values = { .record = record, .task = task };
	const char *const *words;
	const struct span *span;
	struct span room;

	if (c->tag != NULL) {
		words = template_expand(c->tag, &values);
		return words == NULL ? NULL : words[0];
	}
	/* --tagstring '' */
	if (!c->options->tag)
		return "";
	span = joined(c, record, &room);
	return span == NULL ? NULL : span->text;
}

int compose_tag(struct compose *c, const struct plan *plan, const char **tag)
{
	const struct record *record = &plan->record;
	struct record label;

	*tag = NULL;
	if (!compose_has_tag(c))
		return 0;
	if (plan->label != NULL) {
		record_set_one(&label, plan->label, strlen(plan->label));
		record = &label;
	}
	*tag = expand_tag(c, record, plan->number);
	return *tag == NULL ? -1 : 0;
}
