/* SPDX-License-Identifier: Apache-2.0
 * Differences of texts: hunks, their heads, ends without a newline. */
#include "report/diff.h"
#include "tap.h"

static void shows(const char *before, const char *after, const char *want, const char *what) {
    struct buf out = BUF_INIT(1 << 20);
    diff_unified(str_z(before), str_z(after), S("f"), &out);
    is_str(buf_str(&out), str_z(want), what);
    buf_fini(&out);
}

#define HEAD "--- f\n+++ f\n"

int main(void) {
    shows("a\nb\n", "a\nb\n", "", "equal texts");
    shows("", "", "", "nothing");
    shows("a\nb\nc\n", "a\nB\nc\n", HEAD "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n", "one line");
    shows("", "a\n", HEAD "@@ -0,0 +1,1 @@\n+a\n", "from nothing");
    shows("a\n", "", HEAD "@@ -1,1 +0,0 @@\n-a\n", "to nothing");
    shows("a\nb", "a\nb\n", HEAD "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n", "a newline at the end");
    shows("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nX\n5\n6\n7\n8\n9\n", HEAD "@@ -2,6 +2,7 @@\n 2\n 3\n 4\n+X\n 5\n 6\n 7\n",
          "three lines around");
    shows("1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "X\n2\n3\n4\n5\n6\n7\n8\n9\nY\n",
          HEAD "@@ -1,4 +1,4 @@\n-1\n+X\n 2\n 3\n 4\n@@ -7,4 +7,4 @@\n 7\n 8\n 9\n-10\n+Y\n", "two hunks");
    shows("1\n2\n3\n4\n5\n6\n7\n8\n", "X\n2\n3\n4\n5\n6\n7\nY\n", HEAD "@@ -1,8 +1,8 @@\n-1\n+X\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+Y\n",
          "close ones are one");
    shows("from x\nRUN make\nuser 1\n", "FROM x\nRUN make\nUSER 1\n",
          HEAD "@@ -1,3 +1,3 @@\n-from x\n+FROM x\n RUN make\n-user 1\n+USER 1\n", "one line between two changes stays");
    shows("a\nb\nc\nd\n", "c\nd\n", HEAD "@@ -1,4 +1,2 @@\n-a\n-b\n c\n d\n", "lines that go");
    shows("a\n\x1b[1m\n", "b\n\x1b[1m\n", HEAD "@@ -1,2 +1,2 @@\n-a\n+b\n ?[1m\n", "nothing steers the terminal");
    return tap_done();
}
