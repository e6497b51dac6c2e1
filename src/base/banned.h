/* SPDX-License-Identifier: Apache-2.0
 *
 * Functions that have no safe use here; the compiler refuses them (this header is included into every file by the build).
 * Each has a replacement: buf_printf / mem_printf for sprintf, str_to_u64 for atoi and strtol, sys/proc.h for system and popen, *_r forms
 * for the ones that return static storage. */
#ifndef CROZE_BASE_BANNED_H
#define CROZE_BASE_BANNED_H

/* What these headers declare must be declared before the names are poisoned. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok atoi atol atoll strtol sscanf gets
#pragma GCC poison gmtime localtime ctime asctime system popen mktemp tmpnam tempnam

#endif
