/* file_in.h: a whole file in memory, by the C library's streams alone. The only place of the library that opens files
 * by their names. Does not say what is wrong: each reader has words of its own. */
#ifndef MSIM_TEXT_FILE_IN_H
#define MSIM_TEXT_FILE_IN_H

#include "core/mem.h"

/* Bounded while it is read, so that a device or a pipe that never ends costs bytes_max and an error. The bytes are the
 * caller's, to be freed with *capacity, also after an error. 0, MSIM_ERR_NOT_FOUND (it cannot be opened),
 * MSIM_ERR_LIMIT (more than bytes_max), MSIM_ERR_IO, MSIM_ERR_NOMEM. */
int msim__file_read(struct msim__mem *mem, const char *path, size_t bytes_max, uint8_t **data, size_t *capacity,
                    size_t *size);

#endif
