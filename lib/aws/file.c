/* SPDX-License-Identifier: MIT */
#include "aws/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* One byte more than allowed is asked for, so that a file that grows is seen. */
static int read_all(int fd, size_t most, struct esm__bytes *to, const char **ret_reason)
{
    size_t start = to->size;
    for (;;) {
        int error = esm__bytes_reserve(to, 4096);
        if (error != 0)
            return error;
        ssize_t size = read(fd, to->data + to->size, 4096);
        if (size < 0 && errno == EINTR)
            continue;
        if (size == 0)
            return 0;
        if (size < 0 || to->size + (size_t)size - start > most) {
            *ret_reason = size < 0 ? "it cannot be read" : "it is larger than it may be";
            to->size = start;
            return ESM_ERR_CONFIG;
        }
        to->size += (size_t)size;
    }
}

int esm__file_read(const char *path, size_t most, struct esm__bytes *to, const char **ret_reason)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        int is_absent = errno == ENOENT || errno == ENOTDIR;
        *ret_reason = is_absent         ? "it does not exist"
                      : errno == EACCES ? "it may not be read"
                                        : "it cannot be opened";
        return is_absent ? ESM_ERR_NOT_FOUND : ESM_ERR_CONFIG;
    }
    int error = ESM_ERR_CONFIG;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        *ret_reason = "it is not a regular file";
    else
        error = read_all(fd, most, to, ret_reason);
    close(fd);
    return error;
}
