/*
 * cplusplus - an executor in C++17, which goes with its scope and throws its errors
 *
 *	$ c++ -std=c++17 -o cplusplus cplusplus.cpp $(pkg-config --cflags --libs covey)
 *	$ ./cplusplus
 *	root(2) = 1.41421
 *	root(16) = 4
 *	root(-1): no real square root
 *	sh: signal
 */
#include <covey.h>

#include <cmath>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace {

using Results = std::unique_ptr<covey_results, decltype(&covey_results_free)>;

class Executor {
public:
	explicit Executor(const covey_options &options)
	    : ex_(covey_new(&options, &err_), covey_free) { check(ex_ ? 0 : -1); }

	/* Arg is copied as bytes, and the function sees it in another process. */
	template <typename Arg>
	void submit(covey_function_fn *run, const char *name, const Arg &arg)
	{
		static_assert(std::is_trivially_copyable<Arg>::value, "it is copied as bytes");
		covey_function function;

		covey_function_init(&function, sizeof function);
		function.run = run;
		function.name = name;
		function.arg = &arg;
		function.arg_len = sizeof arg;
		check(covey_submit_function(ex_.get(), &function, nullptr, &err_));
	}

	void submit(std::vector<const char *> words)
	{
		covey_command command;

		words.push_back(nullptr);
		covey_command_init(&command, sizeof command);
		command.argv = words.data();
		check(covey_submit(ex_.get(), &command, nullptr, &err_));
	}

	Results wait(covey_nsec timeout = COVEY_WAIT_DEFAULT)
	{
		covey_results *results = nullptr;

		check(covey_wait(ex_.get(), timeout, &results, &err_));
		return Results(results, covey_results_free);
	}

private:
	void check(int result) const { if (result != 0) throw std::runtime_error(err_.message); }

	covey_error err_{};
	std::unique_ptr<covey, decltype(&covey_free)> ex_;
};

/* No exception may leave a function; what it says is the reason of the failure. */
extern "C" int root(covey_call *call)
try {
	const double x = *static_cast<const double *>(call->arg);

	if (x < 0)
		throw std::domain_error("no real square root");
	const double y = std::sqrt(x);
	return covey_return(call, &y, sizeof y);
} catch (const std::exception &e) {
	return covey_fail(call, 1, "%s", e.what());
}

void show(const covey_result &result)
{
	const covey_task &task = *result.task;
	const covey_attempt *attempt = result.attempt;  // nullptr: was never started
	double y = 0;

	std::printf("%s", task.argv[0]);
	if (task.run == root)
		std::printf("(%g)", *static_cast<const double *>(task.arg));
	if (attempt != nullptr && attempt->result != nullptr
	    && covey_output_read(attempt->result, 0, &y, sizeof y) == ssize_t{sizeof y})
		std::printf(" = %g\n", y);
	else
		std::printf(": %s\n", attempt != nullptr && attempt->reason != nullptr
		    ? attempt->reason : covey_outcome_name(result.outcome));
}

} // namespace

int main()
try {
	covey_options options;

	covey_options_init(&options, sizeof options);
	Executor executor(options);
	for (const double x : { 2., 16., -1. })
		executor.submit(root, "root", x);
	executor.submit({ "sh", "-c", "kill -SEGV $$" });
	const Results results = executor.wait();
	for (size_t i = 0; i < results->nsucceeded; i++)
		show(*results->succeeded[i]);
	for (size_t i = 0; i < results->nfailed; i++)
		show(*results->failed[i]);
} catch (const std::exception &e) {
	std::fprintf(stderr, "cplusplus: %s\n", e.what());
	return 1;
}
