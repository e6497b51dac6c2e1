/* SPDX-License-Identifier: Apache-2.0
 * Loading libcurl: see libcurl.h. */
#include "net/libcurl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct libcurl loaded;
static const char *failure; /* why it is not */

#define FUNCTION(name) {"curl_" #name, offsetof(struct libcurl, name)}
static const struct {
    const char *symbol;
    size_t at;
} functions[] = {
    FUNCTION(global_init), FUNCTION(easy_init), FUNCTION(easy_cleanup), FUNCTION(easy_setopt), FUNCTION(easy_getinfo),
    FUNCTION(easy_strerror), FUNCTION(easy_unescape), FUNCTION(slist_append), FUNCTION(slist_free_all), FUNCTION(getdate), FUNCTION(free),
    FUNCTION(url), FUNCTION(url_cleanup), FUNCTION(url_get), FUNCTION(url_set), FUNCTION(url_strerror), FUNCTION(multi_init),
    FUNCTION(multi_cleanup), FUNCTION(multi_setopt), FUNCTION(multi_add_handle), FUNCTION(multi_remove_handle), FUNCTION(multi_perform),
    FUNCTION(multi_poll), FUNCTION(multi_wakeup), FUNCTION(multi_info_read), FUNCTION(multi_strerror), FUNCTION(share_init),
    FUNCTION(share_setopt),
};

static void load(void) {
    void *library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; library && i < sizeof functions / sizeof *functions; i++) {
        void *function = dlsym(library, functions[i].symbol);
        if (!function) {
            failure = "it lacks a function that is needed (7.85 or newer has all)";
            return;
        }
        memcpy((char *)&loaded + functions[i].at, &function, sizeof function);
    }
    if (!library)
        failure = "libcurl.so.4 cannot be loaded (Debian's package is libcurl4)";
    else if (loaded.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        failure = "its initialisation failed";
}

const struct libcurl *libcurl_load(struct err *e) {
    pthread_once(&once, load);
    if (!failure)
        return &loaded;
    err_set(e, ERR_FAILED, "libcurl, which all networking needs, cannot be used: %s", failure);
    return NULL;
}
