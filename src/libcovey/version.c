#include "config.h"

#include "covey.h"

const char *covey_version(void)
{
	return PACKAGE_VERSION;
}
