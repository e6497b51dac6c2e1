# SPDX-License-Identifier: Apache-2.0
"""What the registry keeps: blobs by digest, and repositories with their tags, manifests and links to blobs. Everything is in memory, or
blobs and one JSON file a repository lie in a directory, where the next process finds them. Every change of a tag is remembered, so that a
fault can show what was."""
import json
import os
import secrets
import threading
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

from contents import Contents, DirectoryContents, MemoryContents, Upload
from digests import digest_of, is_digest
from payload import Payload


@dataclass
class Manifest:
    """A manifest's bytes as they were pushed."""

    media_type: str
    data: bytes
    digest: str

    def parsed(self) -> dict[str, Any]:
        """The JSON object it is, or an empty one: hostile manifests may be anything."""
        try:
            value = json.loads(self.data)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def subject(self) -> str:
        """The digest of what it refers to, if it does."""
        subject = self.parsed().get("subject")
        return str(subject.get("digest", "")) if isinstance(subject, dict) else ""

    def descriptor(self) -> dict[str, Any]:
        """As a list of referrers has it."""
        parsed = self.parsed()
        config = parsed.get("config")
        kind = parsed.get("artifactType") or (config.get("mediaType") if isinstance(config, dict) else None)
        more = {"artifactType": kind, "annotations": parsed.get("annotations")}
        return {"mediaType": self.media_type, "digest": self.digest, "size": len(self.data)} | {k: v for k, v in more.items() if v}


@dataclass
class Repository:
    """A repository. `history` has every change of a tag, newest last: (tag, digest, or None where it went)."""

    name: str
    tags: dict[str, str] = field(default_factory=dict)
    manifests: dict[str, Manifest] = field(default_factory=dict)
    blobs: set[str] = field(default_factory=set)
    history: list[tuple[str, str | None]] = field(default_factory=list)
    troubles: dict[str, tuple[int, str]] = field(default_factory=dict)  # reference: reads that will fail, and how

    def tags_before(self, changes: int) -> dict[str, str]:
        """The tags as they were that many changes ago."""
        if not changes:
            return dict(self.tags)
        tags: dict[str, str] = {}
        for tag, digest in self.history[:-changes]:
            if digest is None:
                tags.pop(tag, None)
            else:
                tags[tag] = digest
        return tags


class Store:
    """All repositories. Every method may be called by any thread; the lock is held for moments, never while bytes travel."""

    def __init__(self, directory: str = "") -> None:
        self.lock = threading.RLock()
        self.directory = directory
        self.contents: Contents = DirectoryContents(directory) if directory else MemoryContents()
        self.repositories: dict[str, Repository] = {}
        self.uploads: dict[str, tuple[str, Upload]] = {}
        if directory:
            self._load()

    # --- repositories ---

    def names(self) -> list[str]:
        """The repositories' names, sorted."""
        with self.lock:
            return sorted(self.repositories)

    def find(self, name: str) -> Repository | None:
        """The repository, if something was ever pushed to it."""
        return self.repositories.get(name)

    def make(self, name: str) -> Repository:
        """The repository, made if need be."""
        with self.lock:
            return self.repositories.setdefault(name, Repository(name))

    # --- blobs ---

    def blob(self, name: str, digest: str) -> Payload | None:
        """A blob's bytes, if the repository has it."""
        with self.lock:
            repository = self.repositories.get(name)
            return self.contents.get(digest) if repository and digest in repository.blobs else None

    def add_blob(self, name: str, digest: str, data: Payload) -> None:
        """A blob whose digest the caller has checked."""
        self.contents.put(digest, data)
        self.link_blob(name, digest)

    def link_blob(self, name: str, digest: str) -> None:
        """Makes a blob that is held one of the repository."""
        with self.lock:
            repository = self.make(name)
            repository.blobs.add(digest)
            self._save(repository)

    def drop_blob(self, name: str, digest: str) -> bool:
        """Takes a blob from the repository. Returns whether it had it."""
        with self.lock:
            repository = self.repositories.get(name)
            if repository is None or digest not in repository.blobs:
                return False
            repository.blobs.discard(digest)
            self._save(repository)
            return True

    # --- uploads ---

    def start_upload(self, name: str) -> Upload:
        """A new upload session."""
        with self.lock:
            upload = self.contents.upload(secrets.token_hex(16))
            self.uploads[upload.name] = (name, upload)
            return upload

    def upload(self, name: str, session: str) -> Upload | None:
        """The upload session of that repository."""
        of, upload = self.uploads.get(session, ("", None))
        return upload if of == name else None

    def finish_upload(self, name: str, upload: Upload, digest: str) -> None:
        """Makes what was sent a blob; the caller has checked the digest."""
        self.contents.adopt(upload, digest)
        self.uploads.pop(upload.name, None)
        self.link_blob(name, digest)

    def drop_upload(self, session: str) -> None:
        """Forgets an upload session."""
        _, upload = self.uploads.pop(session, ("", None))
        if upload:
            upload.forget()

    # --- manifests and tags ---

    def manifest(self, name: str, reference: str, behind: int = 0) -> Manifest | None:
        """The manifest of that digest, or the one that the tag has (or had, that many changes ago)."""
        with self.lock:
            repository = self.repositories.get(name)
            if repository is None:
                return None
            digest = reference if is_digest(reference) else repository.tags_before(behind).get(reference, "")
            return repository.manifests.get(digest)

    def put_manifest(self, name: str, manifest: Manifest, tag: str = "") -> bool:
        """Adds a manifest and gives it the tag, if there is one. Returns whether the tag was another manifest's."""
        with self.lock:
            repository = self.make(name)
            repository.manifests[manifest.digest] = manifest
            if self.directory:
                self.contents.put_bytes(manifest.digest, manifest.data)
            old = repository.tags.get(tag, manifest.digest)
            if tag:
                repository.tags[tag] = manifest.digest
                repository.history.append((tag, manifest.digest))
            self._save(repository)
            return old != manifest.digest

    def drop_manifest(self, name: str, digest: str) -> bool:
        """Takes a manifest and every tag that it has. Returns whether there was one."""
        with self.lock:
            repository = self.repositories.get(name)
            if repository is None or repository.manifests.pop(digest, None) is None:
                return False
            for tag in [tag for tag, of in repository.tags.items() if of == digest]:
                self._untag(repository, tag)
            self._save(repository)
            return True

    def drop_tag(self, name: str, tag: str) -> bool:
        """Takes a tag, and leaves its manifest. Returns whether there was one."""
        with self.lock:
            repository = self.repositories.get(name)
            if repository is None or tag not in repository.tags:
                return False
            self._untag(repository, tag)
            self._save(repository)
            return True

    def referrers(self, name: str, digest: str) -> list[Manifest]:
        """The manifests whose subject has that digest, in order of their own digests."""
        with self.lock:
            repository = self.repositories.get(name)
            every = sorted(repository.manifests.items()) if repository else []
            return [manifest for _, manifest in every if manifest.subject() == digest]

    @staticmethod
    def _untag(repository: Repository, tag: str) -> None:
        del repository.tags[tag]
        repository.history.append((tag, None))

    # --- the directory ---

    def _file(self, name: str) -> str:
        return os.path.join(self.directory, "repositories", urllib.parse.quote(name, safe="") + ".json")

    def _save(self, repository: Repository) -> None:
        if not self.directory:
            return
        path = self._file(repository.name)
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({"name": repository.name, "tags": repository.tags, "blobs": sorted(repository.blobs),
                       "manifests": {digest: manifest.media_type for digest, manifest in repository.manifests.items()}}, file)
        os.rename(path + ".new", path)

    def _load(self) -> None:
        folder = os.path.join(self.directory, "repositories")
        os.makedirs(folder, exist_ok=True)
        for entry in sorted(os.listdir(folder)):
            if not entry.endswith(".json"):
                continue
            with open(os.path.join(folder, entry), encoding="utf-8") as file:
                saved = json.load(file)
            repository = self.make(saved["name"])
            repository.blobs = set(saved["blobs"])
            for digest, media_type in saved["manifests"].items():
                content = self.contents.get(digest)
                if content is None:
                    raise SystemExit(f"{self.directory}: the manifest {digest} of {saved['name']} is missing")
                repository.manifests[digest] = Manifest(media_type, content.data(), digest)
            for tag, digest in saved["tags"].items():
                repository.tags[tag] = digest
                repository.history.append((tag, digest))


def new_manifest(media_type: str, data: bytes, algorithm: str = "sha256") -> Manifest:
    """A manifest of these bytes."""
    return Manifest(media_type, data, digest_of(data, algorithm))
