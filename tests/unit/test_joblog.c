#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/command/origin.h"
#include "cli/output/joblog.h"
#include "output.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#define HEADER "Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n"

static char dir[] = "/tmp/test_joblog.XXXXXX", path[64];

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/log", dir);
	return 0;
}

static int remove_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

static struct joblog *open_log(const char *name, bool append)
{
	struct error err;
	struct joblog *log = joblog_open(name, append, &err);

	if (log == NULL)
		fail_msg("%s", err.message);
	return log;
}

static void tell(struct joblog *log, const struct covey_event *event)
{
	struct sink sink = joblog_sink(log);

	assert_true(sink.wants & SINK_WANTS(event->type));
	sink.event(sink.self, event);
}

/* The end of an attempt that took a second and a half, and began two seconds ago. */
static void end_attempt(struct joblog *log, struct covey_task *task, struct covey_attempt *attempt)
{
	attempt->started = 10 * COVEY_SEC;
	attempt->ended = 11 * COVEY_SEC + 500 * COVEY_MSEC;
	tell(log, &(struct covey_event){
		.type = COVEY_ENDED, .now = 12 * COVEY_SEC, .task = task, .attempt = attempt,
		.outcome = attempt->outcome,
	});
}

/* What is in the file, for the caller to free. */
static char *contents(void)
{
	char *text = calloc(1, 65536);
	FILE *file = fopen(path, "r");

	assert_non_null(text);
	assert_non_null(file);
	assert_true(fread(text, 1, 65535, file) < 65535);
	fclose(file);
	return text;
}

static void assert_contents(const char *wanted)
{
	char *text = contents();

	assert_string_equal(text, wanted);
	free(text);
}

/* The last line, without its time. */
static void assert_last(const char *wanted)
{
	char *text = contents(), *line = text, *tab, shown[512];

	for (char *next = strchr(line, '\n'); next != NULL && next[1] != '\0'; next = strchr(line, '\n'))
		line = next + 1;
	line[strcspn(line, "\n")] = '\0';
	tab = strchr(strchr(line, '\t') + 1, '\t');
	snprintf(shown, sizeof shown, "%.*s%s", (int)(tab - line), line, strchr(tab + 1, '\t'));
	assert_string_equal(shown, wanted);
	free(text);
}

static const char *const argv[] = { "echo", "a b", "a\nb", NULL };

static void a_line_a_task(void **state)
{
	static const struct {
		struct covey_attempt attempt;
		const char *columns;
	} cases[] = {
		{ { .outcome = COVEY_SUCCESS }, "0\t0" },
		{ { .outcome = COVEY_EXIT, .status = 7 }, "7\t0" },
		{ { .outcome = COVEY_SIGNAL, .signal = SIGSEGV }, "0\t11" },
		{ { .outcome = COVEY_SPAWN, .sys_errno = ENOENT }, "127\t0" },
		{ { .outcome = COVEY_SPAWN, .sys_errno = EACCES }, "126\t0" },
		{ { .outcome = COVEY_TIMEOUT, .signal = 9 }, "-1\t15" },
		{ { .outcome = COVEY_DEADLINE }, "-1\t15" },
		{ { .outcome = COVEY_CANCELLED }, "-1\t15" },
	};
	struct covey_task task = { .id = 3, .argv = argv };
	struct joblog *log = open_log(path, false);
	char wanted[256];

	(void)state;
	assert_int_equal(joblog_start(log), 0);
	assert_contents(HEADER);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct covey_attempt attempt = cases[i].attempt;

		end_attempt(log, &task, &attempt);
		assert_int_equal(joblog_flush(log), 0);
		snprintf(wanted, sizeof wanted, "3\t:\t     1.500\t0\t0\t%s\techo 'a b' $'a\\nb'",
		    cases[i].columns);
		assert_last(wanted);
	}
	joblog_close(log);
}

static void nothing_is_written_before_it_is_flushed(void **state)
{
	struct covey_task task = { .id = 1, .argv = argv };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log = open_log(path, false);

	(void)state;
	assert_int_equal(joblog_start(log), 0);
	end_attempt(log, &task, &attempt);
	assert_contents(HEADER);
	assert_int_equal(joblog_flush(log), 0);
	assert_int_equal(joblog_flush(log), 0);
	assert_last("1\t:\t     1.500\t0\t0\t0\t0\techo 'a b' $'a\\nb'");
	joblog_close(log);
}

static void of_several_attempts_the_last_has_a_line(void **state)
{
	struct covey_task task = { .id = 1, .argv = argv };
	struct covey_attempt attempt = { .outcome = COVEY_EXIT, .status = 1, .retry = true };
	struct joblog *log = open_log(path, false);

	(void)state;
	assert_int_equal(joblog_start(log), 0);
	end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), 0);
	assert_contents(HEADER);
	/* it will not be run again after all, and what is left of its last attempt says so */
	attempt.retry = false;
	tell(log, &(struct covey_event){
		.type = COVEY_FINISHED, .now = 20 * COVEY_SEC, .task = &task, .attempt = &attempt,
		.outcome = COVEY_CANCELLED,
	});
	assert_int_equal(joblog_flush(log), 0);
	assert_last("1\t:\t     1.500\t0\t0\t1\t0\techo 'a b' $'a\\nb'");
	joblog_close(log);
}

static void tasks_that_have_a_line_already_or_never_ran_get_none(void **state)
{
	struct covey_task task = { .id = 1, .argv = argv };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log = open_log(path, false);
	char *before;

	(void)state;
	assert_int_equal(joblog_start(log), 0);
	tell(log, &(struct covey_event){
		.type = COVEY_FINISHED, .task = &task, .outcome = COVEY_CANCELLED,
	});
	assert_int_equal(joblog_flush(log), 0);
	assert_contents(HEADER);
	end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), 0);
	before = contents();
	tell(log,
	    &(struct covey_event){ .type = COVEY_FINISHED, .task = &task, .attempt = &attempt });
	assert_int_equal(joblog_flush(log), 0);
	assert_contents(before);
	free(before);
	joblog_close(log);
}

static double real_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void the_start_is_in_real_time(void **state)
{
	struct covey_task task = { .id = 1, .argv = argv };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log = open_log(path, false);
	double before, after, start;
	char *text;

	(void)state;
	assert_int_equal(joblog_start(log), 0);
	before = real_time();
	end_attempt(log, &task, &attempt);
	after = real_time();
	assert_int_equal(joblog_flush(log), 0);
	text = contents();
	start = strtod(strstr(text, "\n1\t:\t") + 5, NULL);
	/* two seconds ago, to a millisecond */
	assert_true(start + 2 > before - 0.002 && start + 2 < after + 0.002);
	free(text);
	joblog_close(log);
}

static void bytes_are_counted(void **state)
{
	struct covey_task task = { .id = 1, .argv = argv };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log = open_log(path, false);

	(void)state;
	attempt.out = covey_output_new(1 << 20, NULL);
	assert_non_null(attempt.out);
	assert_int_equal(covey_output_append(attempt.out, "12345", 5), 0);
	assert_int_equal(joblog_start(log), 0);
	end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), 0);
	assert_last("1\t:\t     1.500\t0\t5\t0\t0\techo 'a b' $'a\\nb'");
	covey_output_free(attempt.out);
	joblog_close(log);
}

static void the_number_is_that_of_the_input(void **state)
{
	struct origin item = { .number = 77 };
	struct covey_task task = { .id = 1, .argv = argv, .user = &item };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log = open_log(path, false);

	(void)state;
	assert_int_equal(joblog_start(log), 0);
	end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), 0);
	assert_last("77\t:\t     1.500\t0\t0\t0\t0\techo 'a b' $'a\\nb'");
	joblog_close(log);
}

static void long_commands_are_whole(void **state)
{
	static char word[20001];
	const char *const words[] = { word, NULL };
	struct covey_task task = { .id = 1, .argv = words };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log = open_log(path, false);
	char *text;

	(void)state;
	memset(word, 'x', sizeof word - 1);
	assert_int_equal(joblog_start(log), 0);
	for (int i = 0; i < 3; i++)
		end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), 0);
	text = contents();
	assert_true(strlen(text) > 3 * strlen(word));
	assert_memory_equal(strrchr(text, '\t') + 1, word, strlen(word));
	free(text);
	joblog_close(log);
}

/* What is in a file stays until the run really begins. */
static void a_file_is_emptied_at_the_start_or_appended_to(void **state)
{
	char plus[80];
	struct joblog *log = open_log(path, false);

	(void)state;
	snprintf(plus, sizeof plus, "+%s", path);
	assert_int_equal(joblog_start(log), 0);
	joblog_close(log);
	log = open_log(path, false);
	assert_contents(HEADER);
	joblog_close(log);
	assert_contents(HEADER);
	for (int i = 0; i < 2; i++) {
		log = open_log(i == 0 ? plus : path, i == 1);
		assert_int_equal(joblog_start(log), 0);
		joblog_close(log);
		assert_contents(HEADER);
	}
	/* one that is empty needs the names of the columns */
	assert_int_equal(truncate(path, 0), 0);
	log = open_log(plus, false);
	assert_int_equal(joblog_start(log), 0);
	joblog_close(log);
	assert_contents(HEADER);
	joblog_close(NULL);
}

static void a_pipe_will_do(void **state)
{
	char name[64], text[sizeof HEADER] = "";
	struct joblog *log;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	snprintf(name, sizeof name, "/proc/self/fd/%d", ends[1]);
	log = open_log(name, false);
	assert_int_equal(joblog_start(log), 0);
	joblog_close(log);
	close(ends[1]);
	assert_int_equal(read(ends[0], text, sizeof text), sizeof HEADER - 1);
	assert_string_equal(text, HEADER);
	close(ends[0]);
}

static void what_cannot_be_written(void **state)
{
	struct rlimit before, little = { sizeof HEADER - 1, RLIM_INFINITY };
	struct covey_task task = { .id = 1, .argv = argv };
	struct covey_attempt attempt = { .outcome = COVEY_SUCCESS };
	struct joblog *log;
	struct error err;

	(void)state;
	assert_null(joblog_open("/nowhere/log", false, &err));
	assert_string_equal(err.message, "cannot open the job log '/nowhere/log': No such file or directory");
	log = open_log("/dev/full", false);
	assert_int_equal(joblog_start(log), -1);
	assert_string_equal(joblog_error(log), "cannot write the job log '/dev/full': No space left on device");
	joblog_close(log);
	/* the disk is full later */
	signal(SIGXFSZ, SIG_IGN);
	log = open_log(path, false);
	assert_int_equal(joblog_start(log), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	little.rlim_max = before.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), -1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	/* a gap would not be seen: it stays at that */
	end_attempt(log, &task, &attempt);
	assert_int_equal(joblog_flush(log), -1);
	assert_non_null(strstr(joblog_error(log), strerror(EFBIG)));
	assert_contents(HEADER);
	joblog_close(log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_a_task),
		cmocka_unit_test(nothing_is_written_before_it_is_flushed),
		cmocka_unit_test(of_several_attempts_the_last_has_a_line),
		cmocka_unit_test(tasks_that_have_a_line_already_or_never_ran_get_none),
		cmocka_unit_test(the_start_is_in_real_time),
		cmocka_unit_test(bytes_are_counted),
		cmocka_unit_test(the_number_is_that_of_the_input),
		cmocka_unit_test(long_commands_are_whole),
		cmocka_unit_test(a_file_is_emptied_at_the_start_or_appended_to),
		cmocka_unit_test(a_pipe_will_do),
		cmocka_unit_test(what_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
