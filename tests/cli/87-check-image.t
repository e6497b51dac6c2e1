#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# croze check --image:
#   * twins: for every rule over images one that has the fault and one that has it mended; the rule speaks of the first alone
#   * what ships though a later layer deletes it; what a base brought (--base); the step that made a layer, without build arguments' values
#   * archives and layouts as operands, exit codes, what cannot be read
#   * every format is well-formed, whatever files are called; no secret is printed
. "$(dirname "$0")/lib.sh"

import_base
tested=''

# found IMAGE RULE: how many findings of that rule
found() { croze check --image "$1" --format json | grep -c "^{\"id\":\"$2\","; }

# twins RULE: standard input has two Dockerfiles, with a line "---" between: one finding in the first, none in the second
twins() {
    tested="$tested $1"
    mkdir -p "$T/bad" "$T/good"
    sed '/^---$/,$d' >"$T/bad/Dockerfile" <"$T/pair"
    sed '1,/^---$/d' >"$T/good/Dockerfile" <"$T/pair"
    does "$1: the faulty image is built" croze build -q -t bad "$T/bad"
    does "$1: its twin is built" croze build -q -t good "$T/good"
    is "$1: found once" "$(found bad "$1")" 1
    is "$1: silent on the twin" "$(found good "$1")" 0
}
pair() { cat >"$T/pair"; twins "$1"; }

# --- configuration ---

pair ImageUserRoot <<'END'
FROM base
---
FROM base
USER 10001:10002
END
for user in root 0 0:0 root:root 0:10002 toor; do
    printf 'FROM base\nRUN echo toor:x:0:0::/:/bin/sh >>/etc/passwd\nUSER %s\n' $user >"$T/bad/Dockerfile"
    croze build -q -t bad "$T/bad" >/dev/null
    is "ImageUserRoot: USER $user is root" "$(found bad ImageUserRoot)" 1
done
printf 'FROM scratch\nUSER nobody\n' >"$T/bad/Dockerfile"
croze build -q -t bad "$T/bad" >/dev/null
is "ImageUserRoot: a name that is in no passwd" "$(found bad ImageUserRoot)" 1
pair ImageUserGroupRoot <<'END'
FROM base
USER 10001:0
---
FROM base
USER 10001:10002
END
pair ImageUserByName <<'END'
FROM base
USER app
---
FROM base
USER 10001
END
pair ImageExposesSsh <<'END'
FROM base
EXPOSE 22
---
FROM base
EXPOSE 2222
END
pair ImageExposesLowPort <<'END'
FROM base
EXPOSE 80
USER 10001
---
FROM base
EXPOSE 8080
USER 10001
END
pair ImageSensitiveVolume <<'END'
FROM base
VOLUME /etc/app
---
FROM base
VOLUME /srv/app
END
pair ImageHealthcheckMissing <<'END'
FROM base
---
FROM base
HEALTHCHECK CMD true
END
pair ImageSecretVariable <<'END'
FROM base
ENV DB_PASSWORD=hunter2secret
---
FROM base
ENV DB_PASSWORD_FILE=/run/secrets/db
END
pair ImageSecretHistory <<'END'
FROM base
ARG API_TOKEN=hunter2secret
RUN true
---
FROM base
RUN --mount=type=secret,id=api_token true
END
unlike "... whose value is not printed" "$(croze check --image bad; croze check --image --format sarif bad)" hunter2secret

# --- files ---

pair ImageSetId <<'END'
FROM base
RUN cp /bin/busybox /opt/x && chmod 4755 /opt/x
---
FROM base
RUN cp /bin/busybox /opt/x && chmod 4755 /opt/x
RUN chmod 755 /opt/x
END
pair ImageWorldWritable <<'END'
FROM base
RUN echo x >/opt/x && chmod 666 /opt/x
---
FROM base
RUN echo x >/opt/x && chmod 664 /opt/x
END
pair ImageNotSticky <<'END'
FROM base
RUN mkdir -m 777 /opt/d
---
FROM base
RUN mkdir /opt/d && chmod 1777 /opt/d
END
pair ImageSudo <<'END'
FROM base
RUN cp /bin/busybox /usr/bin/sudo
---
FROM base
RUN mkdir /usr/share/sudo && echo x >/usr/share/sudo/sudo
END
pair ImageSshServer <<'END'
FROM base
RUN mkdir -p /usr/sbin && cp /bin/busybox /usr/sbin/sshd
---
FROM base
RUN mkdir -p /usr/sbin && cp /bin/busybox /usr/bin/ssh
END
pair ImageJunk <<'END'
FROM base
RUN mkdir /opt/app && echo x >/opt/app/docker-compose.yml
---
FROM base
RUN mkdir -p /usr/share/app && echo x >/usr/share/app/docker-compose.yml
END
pair ImageCredentialFile <<'END'
FROM base
RUN echo machine x >/root/.netrc
RUN rm /root/.netrc
---
FROM base
RUN echo machine x >/root/.netrc && rm /root/.netrc
END
croze check --image bad --format json >"$T/j"
like "... a file that a later layer deletes still ships" "$(cat "$T/j")" '"path":"/root/.netrc".*"step":"RUN echo machine x >/root/.netrc".*still|it ships'
pair ImageHostKey <<'END'
FROM base
RUN mkdir /etc/ssh && echo key >/etc/ssh/ssh_host_rsa_key
---
FROM base
RUN mkdir /etc/ssh && echo key >/etc/ssh/ssh_host_rsa_key.pub
END

# --- bytes ---

pair ImagePackageCache <<'END'
FROM base
RUN mkdir -p /var/lib/apt/lists && head -c 50000 /dev/zero >/var/lib/apt/lists/x
---
FROM base
RUN mkdir -p /var/lib/apt/lists && head -c 50000 /dev/zero >/var/lib/apt/lists/x && rm /var/lib/apt/lists/x
END
croze check --image bad --format json >"$T/j"
like "... with the bytes and the step" "$(grep ImagePackageCache "$T/j")" '"path":"/var/lib/apt/lists","bytes":50000,"step":"RUN mkdir -p /var/lib/apt/lists'
pair ImageHiddenBytes <<'END'
FROM base
RUN head -c 1500000 /dev/zero >/opt/x
RUN head -c 40000000 /dev/zero >/opt/y
RUN rm /opt/x
---
FROM base
RUN head -c 1500000 /dev/zero >/opt/x && rm /opt/x
RUN head -c 40000000 /dev/zero >/opt/y
END
printf 'FROM base\nRUN head -c 9000000 /dev/zero >/opt/x\nRUN rm /opt/x\n' >"$T/bad/Dockerfile"
croze build -q -t bad "$T/bad" >/dev/null
is "ImageHiddenBytes: of the layer, and of the image where it is much of it" "$(found bad ImageHiddenBytes)" 2
pair ImageOwnerCopies <<'END'
FROM base
RUN head -c 1500000 /dev/zero >/opt/x
RUN chown 10001 /opt/x
---
FROM base
RUN head -c 1500000 /dev/zero >/opt/x && chown 10001 /opt/x
END

# --- users ---

pair ImageEmptyPassword <<'END'
FROM base
RUN printf 'root:*:1:0:99999:7:::\napp::1:0:99999:7:::\n' >/etc/shadow
---
FROM base
RUN printf 'root:*:1:0:99999:7:::\napp:!:1:0:99999:7:::\nshort\n' >/etc/shadow
END
pair ImageDoubleUser <<'END'
FROM base
RUN echo twin:x:10001:10002::/:/bin/sh >>/etc/passwd
---
FROM base
RUN echo other:x:10003:10002::/:/bin/sh >>/etc/passwd
END
pair ImageDoubleGroup <<'END'
FROM base
RUN echo twin:x:10002: >>/etc/group
---
FROM base
RUN echo other:x:10003: >>/etc/group
END
# the base has files of users that it does not know, in two places
tested="$tested ImageUnknownOwner"
printf 'FROM base\nRUN echo >/srv/x && echo >/srv/y && chown 4242 /srv/x /srv/y\n' >"$T/bad/Dockerfile"
printf 'FROM base\nRUN echo >/srv/x && chown 10001 /srv/x\n' >"$T/good/Dockerfile"
croze build -q -t bad "$T/bad" >/dev/null && croze build -q -t good "$T/good" >/dev/null
is "ImageUnknownOwner: one finding for a user" "$(croze check --image --base base --format json bad | grep -c '"id":"ImageUnknownOwner".*"path":"/srv/x".*2 files.*4242')" 1
is "ImageUnknownOwner: silent on the twin" "$(croze check --image --base base --format json good | grep -c ImageUnknownOwner)" 0

# --- what is started ---

pair ImageProgramMissing <<'END'
FROM base
ENTRYPOINT ["start"]
---
FROM base
ENV PATH=/opt:/bin
RUN echo x >/opt/start
ENTRYPOINT ["start"]
END
pair ImageProgramNotExecutable <<'END'
FROM base
RUN printf '#!/bin/sh\n' >/start && chmod 700 /start
USER 10001
CMD ["/start"]
---
FROM base
RUN printf '#!/bin/sh\n' >/start && chmod 755 /start
USER 10001
CMD ["/start"]
END
pair ImageInterpreterMissing <<'END'
FROM base
RUN printf '#! /bin/bash -e\n' >/start && chmod 755 /start
ENTRYPOINT ["/start"]
---
FROM base
RUN printf '#! /bin/sh -e\n' >/start && chmod 755 /start
ENTRYPOINT ["/start"]
END
pair ImageInterpreterMissing <<'END'
FROM base
RUN printf '#!/bin/bash\n' >/one && chmod 755 /one && ln /one /start
ENTRYPOINT ["/start"]
---
FROM base
RUN printf '#!/bin/sh\t-e\n' >/one && chmod 755 /one && ln /one /start
ENTRYPOINT ["/start"]
END
like "... by the name that is started, which is a hard link" "$(croze check --image bad)" '^bad: /start: error: needs /bin/bash'
pair ImageProgramCarriageReturn <<'END'
FROM base
RUN printf '#!/bin/sh\r\nexec true\r\n' >/start && chmod 755 /start
ENTRYPOINT ["/start"]
---
FROM base
RUN printf '#!/bin/sh\nexec true\r\n' >/start && chmod 755 /start
ENTRYPOINT ["/start"]
END

# --- secrets; put together here, so that this file has none ---

token=$(printf 'AKIA%s' Q3EGRZ5ZSTTXKWPL)
printf 'FROM base\nRUN echo "key = %s" >/opt/app.conf\nRUN rm /opt/app.conf\n---\nFROM base\nRUN echo "key = AKIAIOSFODNN7EXAMPLE %sX" >/opt/app.conf\n' \
    "$token" "$token" >"$T/pair"
twins ImageToken
unlike "... it is not printed" "$(croze check --image bad --format json)" "$token"
like "... and history's own is told of" "$(croze check --image bad)" 'error: History shows what looks like an AWS access key, in step [0-9]+ \[ImageSecretHistory'

body=$(printf 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj%s' MzEfYyjiWA4R4)
printf 'FROM base\nRUN printf "%%s\\\\n" "-----BEGIN PRIVATE KEY-----" %s >/opt/key\n---\nFROM base\nRUN printf "%%s\\\\n" "-----BEGIN PRIVATE KEY-----" "-----END PRIVATE KEY-----" >/opt/key\n' \
    "$body" >"$T/pair"
twins ImagePrivateKey
cat >"$T/pair" <<'END'
FROM base
RUN printf '\376\355\376\355\000\000\000\002' >/opt/store.jks
---
FROM base
RUN mkdir /opt/security && printf '\376\355\376\355\000\000\000\002' >/opt/security/cacerts
END
twins ImageKeystore

# --- what no Dockerfile of a user makes: layers by hand ---

py - "$T" "$(croze version | sed -n 's,^platform: *linux/,,p')" "$token" <<'END'
import sys, tarfile
from maketar import Layout, layer_bytes
dir, arch = sys.argv[1:3]
cap = b"\x01\x00\x00\x02" + b"\x00\x04\x00\x00" + b"\x00" * 12
def image(name, make):
    Layout("x:1", [layer_bytes(make)], arch).write(dir + "/" + name + ".tar")
def capable(t):
    t.file("ping", b"x", mode=0o755, pax_headers={"SCHILY.xattr.security.capability": cap.decode("utf-8", "surrogateescape")})
image("cap-bad", capable)
image("cap-good", lambda t: t.file("ping", b"x", mode=0o755))
image("dev-bad", lambda t: t.device("sda", "b", 8, 0))
image("dev-good", lambda t: t.file("sda"))
def hostile(t):
    t.file("a\"<b>&'\x1b[31m\n,%:\u20ac", b"x", mode=0o666)
    t.file(b"bad\xff".decode("utf-8", "surrogateescape"), b"x", mode=0o4777)
    t.file("etc/passwd", b"\x00:::::\n:\n::0\n" + b"a" * 70000 + b"\nroot::0:0\n")
image("hostile", hostile)
start = b"a:x:1:\n#"
image("late", lambda t: t.file("etc/group", start + b"#" * (2 << 20) + b"\nb:x:1:\n"))
def replaced(t):
    t.file("opt/d/key", sys.argv[3])
    t.link("opt/d", "elsewhere")
image("replaced", replaced)
def crowd(t):
    for n in range(11000):
        t.file("a%d" % n, "x", mode=0o666)
    t.file("z", sys.argv[3])
image("crowd", crowd)
def scripts(t):
    for n in range(50000):
        t.file("opt/%d" % n, "#!/" + "x" * 150 + "\n")
    t.file("z", sys.argv[3])
image("scripts", scripts)
image("quoted", lambda t: t.file("opt/account.json", '{"private_key": "-----BEGIN PRIVATE KEY-----\\n' + "MIIEvQIBADANBgkq" * 4 + '\\n"}'))
def linked(t):
    t.file("opt/first", "machine x", mode=0o4777)
    t.hard("root/.netrc", "opt/first")
    t.hard("opt/second", "opt/first")
Layout("x:1", [layer_bytes(linked), layer_bytes(lambda t: t.file("opt/.wh.first"))], arch).write(dir + "/links-bad.tar")
Layout("x:1", [layer_bytes(linked)], arch).write(dir + "/links-good.tar")
def deep(n):
    def make(t):
        for k in range(n):
            t.file("a/" * 400 + "%d" % k, "x", mode=0o666)
    return layer_bytes(make)
Layout("x:1", [deep(20000), deep(1)], arch).write(dir + "/deep.tar")
image("cut", lambda t: t.file("etc/group", start + b"#" * ((4 << 20) - len(start) - 6) + b"\nb:x:12:\n"))
END
for kind in cap:ImageFileCapability dev:ImageDevice; do
    rule=${kind#*:} kind=${kind%%:*}
    tested="$tested $rule"
    is "$rule: found once" "$(found "oci-archive:$T/$kind-bad.tar" $rule)" 1
    is "$rule: silent on the twin" "$(found "oci-archive:$T/$kind-good.tar" $rule)" 0
done
is "a token ships though its layer puts a link in its directory's place" "$(found "oci-archive:$T/replaced.tar" ImageToken)" 1
is "a crowd of warnings hides no error" "$(found "oci-archive:$T/crowd.tar" ImageToken)" 1
exits 10 "... nor lets it through a threshold" croze check --image --failure-threshold error --ignore ImageUserRoot "oci-archive:$T/crowd.tar"
is "nor do notes of scripts" "$(found "oci-archive:$T/scripts.tar" ImageToken)" 1
is "a private key in JSON's quotes" "$(found "oci-archive:$T/quoted.tar" ImagePrivateKey)" 1
is "the other name of a set-user-ID file that is gone" "$(found "oci-archive:$T/links-bad.tar" ImageSetId)" 2
is "... which everyone may write" "$(found "oci-archive:$T/links-bad.tar" ImageWorldWritable)" 2
is "... and of one that is there it is no second finding" "$(found "oci-archive:$T/links-good.tar" ImageSetId)" 1
is "a hard link is where people keep credentials, too" "$(found "oci-archive:$T/links-good.tar" ImageCredentialFile)" 1
# 300 KB when compressed
is "many files in a deep directory take seconds" "$(ulimit -t 12 && found "oci-archive:$T/deep.tar" ImageWorldWritable)" 9999
is "a large table is read" "$(found "oci-archive:$T/late.tar" ImageDoubleGroup)" 1
is "... and of one that is cut no line in part" "$(found "oci-archive:$T/cut.tar" ImageDoubleGroup)" 0

tested="$tested ImagePackageFileChanged ImageOriginUnproven" # in 89-check-origin.t
is "every rule over images has twins" "$(croze check --rules --format json | sed -n 's/^{"id":"\(Image[A-Za-z]*\)".*/\1/p' | sort)" \
    "$(printf '%s\n' $tested | sort -u)"

# --- bases, archives, layouts ---

printf 'FROM base\nRUN echo >/srv/x && chmod 666 /srv/x\n' >"$T/bad/Dockerfile"
croze build -q -t bad "$T/bad" >/dev/null
unlike "--base passes over what the base brought" "$(croze check --image --base base bad)" '/opt/'
like "... and not over the rest" "$(croze check --image --base base bad)" '^bad: /srv/x: warning: '
refuses 2 '--base good: bad does not stand on it' "a base that is none" croze check --image --base good bad
croze save -o "$T/bad.tar" bad && croze save --format oci-archive -o "$T/bad-oci.tar" bad && mkdir "$T/layout" && tar -xf "$T/bad-oci.tar" -C "$T/layout"
want=$(croze check --image bad | sed 's/^bad: //')
for from in "docker-archive:$T/bad.tar" "oci-archive:$T/bad-oci.tar" "oci:$T/layout"; do
    is "${from%%:*} says the same" "$(croze check --image "$from" | sed "s|^$from: ||")" "$want"
done
exits 10 "findings" croze check --image bad
refuses 1 'nothere' "an image that is not there" croze check --image nothere
refuses 1 'nothere' "... does not keep others from being looked at" croze check --image nothere bad
like "... whose findings are printed" "$out" '^bad: '
refuses 2 'check takes' "no image" croze check --image
like "--no-content reads no file" "$(croze check --image --no-content bad)" '/srv/x'
unlike "... and is silent on what needs it" "$(croze check --image --no-content good)" ImageToken

# --- formats ---

for format in text json sarif checkstyle junit gitlab github; do
    croze check --image --format $format "oci-archive:$T/hostile.tar" >"$T/$format"
    is "$format: exit code" $? 10
done
py - "$T" >"$T/said" <<'END'
import json, sys, xml.etree.ElementTree as xml
d = sys.argv[1] + "/"
lines = [json.loads(l) for l in open(d + "json", encoding="utf-8")]
n = len(lines)
sarif = json.load(open(d + "sarif", encoding="utf-8"))
run = sarif["runs"][0]
rules = run["tool"]["driver"]["rules"]
assert sarif["version"] == "2.1.0" and len(run["results"]) == n
assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
assert len({json.dumps(r["partialFingerprints"]) for r in run["results"]}) == n
assert all(" " not in l["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"] for l in r["locations"])
assert len(xml.parse(d + "checkstyle").findall("file/error")) == n
assert len(xml.parse(d + "junit").findall("testsuite/testcase/failure")) == n
gitlab = json.load(open(d + "gitlab", encoding="utf-8"))
assert len(gitlab) == n and len({g["fingerprint"] for g in gitlab}) == n
github = open(d + "github", encoding="utf-8").read().splitlines()
assert len(github) == n and all(l.startswith(("::error ", "::warning ", "::notice ")) for l in github)
assert b"\x1b" not in open(d + "text", "rb").read() + open(d + "github", "rb").read()
print("all the same")
END
is "every format can be read and says the same, whatever files are called" "$(cat "$T/said")" "all the same"

done_testing
