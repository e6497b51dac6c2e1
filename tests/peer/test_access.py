# SPDX-License-Identifier: Apache-2.0
"""The fault-injecting registry's doors: Basic, Bearer with its token service and that service's lies, challenges, TLS and client
certificates, Docker Hub's own interface, and the likenesses. TAP."""
import json
import os
import ssl
import subprocess
from typing import Any
from urllib.parse import urlencode

from harness import MANIFEST, Answer, Client, Peer, basic, bearer, equal, image, path_of, run_tests, scratch, sha256, test

USERS = ("--user", "ann:secret", "--user", "bob:word", "--grant", "bob=pub/*:pull", "--grant", "=open/*:pull")
BEARER = ("--auth", "bearer", *USERS)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def scope(name: str, actions: str = "pull") -> str:
    """A repository's scope."""
    return f"repository:{name}:{actions}"


def get_token(peer: Peer, *scopes: str, user: tuple[str, str] | None = None, role: str = "main", **query: str) -> Answer:
    """The token service's answer to a GET."""
    path = "/token?" + urlencode([("service", "registry.test")] + [("scope", one) for one in scopes] + list(query.items()))
    return peer.connect(role).ask("GET", path, headers=basic(*user) if user else {})


def token(peer: Peer, *scopes: str, user: tuple[str, str] | None = ("ann", "secret")) -> dict[str, str]:
    """The header of a token for these scopes."""
    return bearer(get_token(peer, *scopes, user=user).json()["token"])


@test
def basic_access() -> None:
    """Basic: a challenge, wrong and right credentials, a user who may not, and what anyone may"""
    with Peer(("--auth", "basic", *USERS)) as peer:
        answer = peer.ask("GET", "/v2/")
        equal((answer.status, answer.code(), answer["WWW-Authenticate"]), (401, "UNAUTHORIZED", 'Basic realm="peer"'))
        for header in (basic("ann", "wrong"), basic("nobody", ""), {"Authorization": "Basic !"}, bearer("x")):
            equal(peer.ask("GET", "/v2/", headers=header).status, 401, str(header))
        equal(peer.ask("GET", "/v2/", headers=basic("ann", "secret")).status, 200)
        equal(peer.ask("POST", "/v2/pub/a/blobs/uploads/", headers=basic("bob", "word")).code(), "DENIED")
        equal(peer.ask("GET", "/v2/pub/a/tags/list", headers=basic("bob", "word")).code(), "NAME_UNKNOWN")
        equal(peer.ask("GET", "/v2/open/a/tags/list").code(), "NAME_UNKNOWN")
        equal(peer.ask("POST", "/v2/open/a/blobs/uploads/").status, 401)


@test
def challenge() -> None:
    """Bearer: the challenge has realm, service and scope, for a mount two scopes; a token for something else is insufficient_scope"""
    with Peer(BEARER) as peer:
        said = peer.ask("GET", "/v2/a/manifests/v1")["WWW-Authenticate"]
        equal(said, f'Bearer realm="{peer.url}/token",service="registry.test",scope="repository:a:pull"')
        equal(peer.ask("GET", "/v2/")["WWW-Authenticate"], f'Bearer realm="{peer.url}/token",service="registry.test"')
        mount = peer.ask("POST", f"/v2/a/blobs/uploads/?mount={sha256(b'')}&from=b")["WWW-Authenticate"]
        assert 'scope="repository:a:pull,push repository:b:pull"' in mount, mount
        assert 'scope="repository:a:delete"' in peer.ask("DELETE", "/v2/a/manifests/v1")["WWW-Authenticate"]
        assert 'scope="registry:catalog:*"' in peer.ask("GET", "/v2/_catalog")["WWW-Authenticate"]
        refused = peer.ask("GET", "/v2/a/manifests/v1", headers=token(peer, scope("b")))
        equal((refused.status, 'error="insufficient_scope"' in refused["WWW-Authenticate"]), (401, True))
        refused = peer.ask("GET", "/v2/", headers=bearer("made-up"))
        equal((refused.status, 'error="invalid_token"' in refused["WWW-Authenticate"]), (401, True))
        equal(peer.ask("GET", "/v2/", headers=basic("ann", "secret")).status, 401)


@test
def tokens() -> None:
    """GET for a token: several scopes, anonymous, a user who gets less than he asked for, wrong credentials, a refresh token"""
    with Peer(BEARER) as peer:
        both = token(peer, scope("a", "pull,push"), scope("b"))
        equal(peer.ask("POST", "/v2/a/blobs/uploads/", headers=both).status, 202)
        equal(peer.ask("GET", "/v2/b/tags/list", headers=both).status, 404)
        one = token(peer, scope("a", "pull,push") + " " + scope("b"))
        equal(peer.ask("POST", "/v2/a/blobs/uploads/", headers=one).status, 202)
        anyone = token(peer, scope("open/a", "pull,push"), user=None)
        equal(peer.ask("GET", "/v2/open/a/tags/list", headers=anyone).status, 404)
        equal(peer.ask("POST", "/v2/open/a/blobs/uploads/", headers=anyone).status, 401)
        less = token(peer, scope("private/a"), user=("bob", "word"))
        equal(peer.ask("GET", "/v2/private/a/tags/list", headers=less).status, 401)
        equal(peer.ask("GET", "/v2/", headers=less).status, 200)
        equal(get_token(peer, user=("ann", "wrong")).status, 401)
        answer = get_token(peer, user=("ann", "secret"), offline_token="true").json()
        equal((answer["token"], answer["expires_in"], "refresh_token" in answer), (answer["access_token"], 60, True))
        equal("refresh_token" in get_token(peer, offline_token="true").json(), False)


@test
def oauth() -> None:
    """POST for a token: by password, which may give a refresh token, and by refresh token; anything else is refused"""
    with Peer(BEARER) as peer:
        def post(**form: str) -> Answer:
            return peer.ask("POST", "/token", urlencode({"service": "registry.test", "client_id": "test"} | form), FORM)
        first = post(grant_type="password", username="ann", password="secret", access_type="offline", scope=scope("a")).json()
        equal(first["scope"], "repository:a:pull")
        again = post(grant_type="refresh_token", refresh_token=first["refresh_token"], scope=scope("a", "pull,push")).json()
        equal(again["refresh_token"], first["refresh_token"])
        equal(peer.ask("POST", "/v2/a/blobs/uploads/", headers=bearer(again["access_token"])).status, 202)
        equal("refresh_token" in post(grant_type="password", username="ann", password="secret").json(), False)
        equal([post(grant_type="password", username="ann", password="x").status, post(grant_type="refresh_token", refresh_token="x").status,
               post(grant_type="x").status], [401, 401, 400])
        assert all(word not in peer.control.ask("GET", "/_log").body.decode() for word in ("secret", first["refresh_token"]))


@test
def expiry() -> None:
    """tokens end after their uses, by their time, by the control server, and in the middle of a session"""
    with Peer((*BEARER, "--token-uses", "2")) as peer:
        header = token(peer)
        equal([peer.ask("GET", "/v2/", headers=header).status for _ in range(3)], [200, 200, 401])
    with Peer((*BEARER, "--token-seconds", "0")) as peer:
        equal(peer.ask("GET", "/v2/", headers=token(peer)).status, 401)
    with Peer(BEARER) as peer:
        header = token(peer)
        equal(peer.ask("GET", "/v2/", headers=header).status, 200)
        peer.control.ask("DELETE", "/_tokens")
        equal(peer.ask("GET", "/v2/", headers=header).status, 401)
        header = token(peer, scope("a", "pull,push"))
        where = path_of(peer.ask("POST", "/v2/a/blobs/uploads/", headers=header)["Location"])
        peer.fault("expired")
        answer = peer.ask("PATCH", where, b"x", header)
        equal((answer.status, 'error="invalid_token"' in answer["WWW-Authenticate"]), (401, True))
        equal(peer.ask("PATCH", where, b"x", header).status, 401)
        equal(peer.ask("PATCH", where, b"x", token(peer, scope("a", "pull,push"))).status, 202)


@test
def token_server() -> None:
    """the token service on a port of its own, where the registry is not"""
    with Peer((*BEARER, "--token-server")) as peer:
        assert f'realm="{peer.at("token")}/token"' in peer.ask("GET", "/v2/")["WWW-Authenticate"]
        header = bearer(get_token(peer, user=("ann", "secret"), role="token").json()["token"])
        equal((peer.ask("GET", "/v2/", headers=header).status, peer.connect("token").ask("GET", "/v2/", headers=header).status), (200, 404))
        equal([one["server"] for one in peer.log()], ["main", "token", "main", "token"])


@test
def lies() -> None:
    """a token service that lies: refuses, forgets the scope, gives dead, huge, missing or poisoned tokens, HTML, or sends elsewhere"""
    with Peer(BEARER) as peer:
        ann = ("ann", "secret")

        def lie(fault: str, **params: Any) -> Answer:
            peer.fault(fault, **params)
            return get_token(peer, scope("a"), user=ann)

        def opens(answer: Answer, path: str = "/v2/a/tags/list") -> bool:
            return peer.ask("GET", path, headers=bearer(answer.json()["token"])).status != 401
        equal(opens(get_token(peer, scope("a"), user=ann)), True)
        equal(lie("token-refused").status, 401)
        answer = lie("token-no-scope")
        equal((opens(answer), opens(answer, "/v2/")), (False, True))
        answer = lie("token-expired")
        equal((answer.json()["expires_in"], opens(answer)), (0, False))
        answer = lie("token-uses", uses=2)
        equal((answer.json()["expires_in"], [opens(answer) for _ in range(3)]), (300, [True, True, False]))
        equal(len(lie("token-huge", bytes=100000).json()["token"]), 100000)
        for form, value in (("empty", {}), ("null", {"token": None}), ("number", {"token": 5}), ("list", [])):
            equal(lie("token-missing", form=form).json(), value)
        assert "\r\nX-Injected:" in lie("token-control").json()["token"]
        answer = lie("token-html")
        equal((answer.status, answer["Content-Type"], answer.body[:9]), (200, "text/html", b"<!DOCTYPE"))
        answer = lie("token-redirect", to="plain")
        equal((answer.status, answer["Location"].startswith(peer.at("plain") + "/token?service=")), (302, True))
        equal(lie("token-redirect", to="http://192.0.2.1/t")["Location"].partition("?")[0], "http://192.0.2.1/t")
        equal(get_token(peer, user=ann, role="plain").status, 200)


@test
def challenges() -> None:
    """several challenges in several headers, in one, in strange forms, and one that names another server"""
    with Peer(("--auth", "both", *USERS)) as peer:
        plain = peer.ask("GET", "/v2/").headers.get_all("WWW-Authenticate") or []
        equal([one.partition(" ")[0] for one in plain], ["Bearer", "Basic"])
        equal([peer.ask("GET", "/v2/", headers=header).status for header in (basic("ann", "secret"), token(peer))], [200, 200])
        peer.fault("joined-challenges")
        equal(peer.ask("GET", "/v2/").headers.get_all("WWW-Authenticate"), [", ".join(plain)])
        peer.fault("strange-challenges")
        odd = peer.ask("GET", "/v2/a/tags/list").headers.get_all("WWW-Authenticate") or []
        equal(odd, ["Negotiate", 'Digest realm="a \\"quoted\\", realm", nonce=abc , bEARER REALM = "' + peer.url
                    + '/token" ,  service=registry.test ,  scope="repository:a:pull"',
                    'Digest realm="a \\"quoted\\", realm", nonce=abc , bASIC REALM = "peer"'])
        peer.fault("realm", to="plain")
        assert f'Bearer realm="{peer.at("plain")}/token",' in (peer.ask("GET", "/v2/")["WWW-Authenticate"])
        peer.fault("status")  # befalls what is let in, not what is challenged
        equal((peer.ask("GET", "/v2/").status, peer.ask("GET", "/v2/", headers=basic("ann", "secret")).status), (401, 500))


@test
def hub() -> None:
    """like Docker Hub: nothing is deleted by the registry's interface, only by Hub's own, after a login of either kind"""
    with Peer(("--like", "hub", "--auth", "bearer", *USERS)) as peer:
        header = token(peer, scope("ns/app", "pull,push,delete"))
        config, layer = (push(peer, header, data) for data in (b"{}", b"layer"))
        for tag in ("v1", "v2", "v3"):
            answer = peer.ask("PUT", f"/v2/ns/app/manifests/{tag}", image(config, layer, 5), header | {"Content-Type": MANIFEST})
            equal(answer.status, 201)
        equal(peer.ask("DELETE", "/v2/ns/app/manifests/v1", headers=header).status, 405)
        path = "/v2/repositories/ns/app/tags/v1/"
        equal(peer.ask("DELETE", path).status, 401)
        wrong = peer.ask("POST", "/v2/users/login", json.dumps({"username": "ann", "password": "x"}))
        equal((wrong.status, "detail" in wrong.json()), (401, True))
        equal(peer.ask("POST", "/v2/users/login", "{").status, 400)
        old = peer.ask("POST", "/v2/users/login/", json.dumps({"username": "ann", "password": "secret"})).json()["token"]
        new = peer.ask("POST", "/v2/auth/token", json.dumps({"identifier": "ann", "secret": "secret"})).json()["access_token"]
        equal(peer.ask("DELETE", path, headers=bearer(old)).status, 204)
        equal(peer.ask("DELETE", path, headers=bearer(new)).status, 404)
        equal(peer.ask("DELETE", path.replace("v1", "v2"), headers={"Authorization": "JWT " + new}).status, 204)
        bob = peer.ask("POST", "/v2/auth/token", json.dumps({"identifier": "bob", "secret": "word"})).json()["access_token"]
        equal(peer.ask("DELETE", path.replace("v1", "v3"), headers=bearer(bob)).status, 403)
        equal(peer.ask("GET", "/v2/ns/app/tags/list", headers=header).json()["tags"], ["v3"])
        assert peer.ask("GET", "/v2/ns/app/manifests/v3", headers=header)["ratelimit-limit"]


def push(peer: Peer, header: dict[str, str], data: bytes) -> str:
    """A blob of ns/app."""
    equal(peer.ask("POST", f"/v2/ns/app/blobs/uploads/?digest={sha256(data)}", data, header).status, 201)
    return sha256(data)


@test
def likenesses() -> None:
    """like distribution 2.8, GHCR, and a registry of immutable tags; what a test puts comes on top of it"""
    with Peer(("--like", "distribution2")) as peer:
        digest = peer.push_image("a", "v1")
        equal((peer.ask("GET", f"/v2/a/referrers/{digest}").status, peer.ask("DELETE", "/v2/a/manifests/v1").status), (404, 400))
        equal(peer.ask("POST", f"/v2/a/blobs/uploads/?digest={sha256(b'x')}", b"x").status, 202)
        peer.fault("status")
        equal([peer.ask("GET", "/v2/").status for _ in range(2)], [500, 200])
        peer.push_image("a", "v1", "other")
        equal([peer.ask("GET", "/v2/a/manifests/v1").status for _ in range(2)], [500, 200])
    with Peer(("--like", "ghcr", "--like", "immutable")) as peer:
        digest = peer.push_image("a", "v1")
        equal(peer.ask("GET", f"/v2/a/referrers/{digest}").json()["manifests"], [])


def openssl(folder: str, *arguments: str) -> None:
    """One openssl command."""
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@test
def tls() -> None:
    """TLS: main, cdn and token speak it, plain does not; a client's certificate where it is wanted"""
    with scratch() as folder:
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=peer",
                "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "crt.pem")
        ca, both = os.path.join(folder, "crt.pem"), os.path.join(folder, "both.pem")
        with open(both, "w", encoding="utf-8") as file:
            for name in ("crt.pem", "key.pem"):
                with open(os.path.join(folder, name), encoding="utf-8") as part:
                    file.write(part.read())
        with Peer(("--tls", both, "--token-server", *BEARER), ca) as peer:
            said = peer.ask("GET", "/v2/")["WWW-Authenticate"]
            assert f'realm="https://127.0.0.1:{peer.ports["token"]}/token"' in said, said
            header = bearer(get_token(peer, scope("a", "pull,push"), user=("ann", "secret"), role="token").json()["token"])
            equal(peer.ask("POST", f"/v2/a/blobs/uploads/?digest={sha256(b'x')}", b"x", header).status, 201)
            for to, scheme in (("plain", "http://"), ("cdn", "https://")):
                peer.fault("redirect", to=to)
                where = peer.ask("GET", f"/v2/a/blobs/{sha256(b'x')}", headers=header)["Location"]
                equal((where.startswith(scheme), peer.connect(to).ask("GET", path_of(where)).body), (True, b"x"))
            peer.fault("no-length")
            equal(peer.ask("GET", f"/v2/a/blobs/{sha256(b'x')}", headers=header).body, b"x")
        with Peer(("--tls", both, "--client-ca", ca), ca) as peer:
            try:
                refused = peer.ask("GET", "/v2/").status
            except OSError:
                refused = 0
            equal(refused, 0)
            context = ssl.create_default_context(cafile=ca)
            context.load_cert_chain(both)
            client = Client(peer.url, ca)
            client.connection._context = context  # type: ignore[attr-defined]
            equal(client.ask("GET", "/v2/").status, 200)


run_tests()
