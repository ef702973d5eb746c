#include "cli/output/tag.h"

#include <stdbool.h>
#include <string.h>

#include "cli/output/outq.h"

int tag_append(struct covey_output *output, const char *data, size_t len, const char *tag,
    size_t tag_len, bool *at_start)
{
	while (len > 0) {
		const char *newline = memchr(data, '\n', len);
		size_t n = newline == NULL ? len : (size_t)(newline - data) + 1;

		if (*at_start && covey_output_append(output, tag, tag_len) != 0)
			return -1;
		if (covey_output_append(output, data, n) != 0)
			return -1;
		*at_start = newline != NULL;
		data += n;
		len -= n;
	}
	return 0;
}

struct covey_output *tag_lines(const struct covey_output *output, const char *tag, size_t tag_len)
{
	struct covey_output *tagged = covey_output_new(1 << 20, NULL);
	char buf[16384], note[OUTQ_CUT_SIZE];
	uint64_t at = 0, cut_at = UINT64_MAX, cut = covey_output_cut(output, &cut_at);
	bool at_start = true;
	int result = tagged == NULL ? -1 : 0;
	ssize_t n = 1;

	outq_cut_note(note, cut);
	while (result == 0 && n > 0) {
		size_t want = sizeof buf;

		if (cut > 0 && at == cut_at) {
			result = tag_append(tagged, note, strlen(note), tag, tag_len, &at_start);
			cut = 0;
		}
		if (cut > 0 && cut_at - at < want)
			want = (size_t)(cut_at - at);
		n = covey_output_read(output, at, buf, want);
		if (result == 0 && n > 0)
			result = tag_append(tagged, buf, (size_t)n, tag, tag_len, &at_start);
		at += n > 0 ? (uint64_t)n : 0;
	}
	if (result == 0 && n == 0)
		return tagged;
	covey_output_free(tagged);
	return NULL;
}
