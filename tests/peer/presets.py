# SPDX-License-Identifier: Apache-2.0
"""Registries as they are, as sets of faults that never end: what a test needs in order to be about that registry."""
from typing import Any

LIKENESSES: dict[str, list[dict[str, Any]]] = {
    # Docker Hub: nothing is deleted by the registry's interface, only by its own (hub.py); GETs of manifests are counted; no catalogue.
    "hub": [{"fault": "no-delete"}, {"fault": "no-catalog"}, {"fault": "rate-limit"}],
    # GitHub's: the referrers API is there and knows nothing, so everybody writes fallback tags.
    "ghcr": [{"fault": "empty-referrers"}, {"fault": "no-catalog"}],
    # Docker's registry 2.8, as Debian has it (transcript.py compares the two): no referrers, no deletion or paging of tags, no monolithic
    # POST, 500 while a tag moves, ranges of uploads not looked at, and no way back into an upload that broke off.
    "distribution2": [{"fault": "no-referrers"}, {"fault": "no-tag-delete"}, {"fault": "no-paging", "match": {"operation": "tags.get"}},
                      {"fault": "no-monolithic"}, {"fault": "tag-move-500"}, {"fault": "null-tags"}, {"fault": "no-range-check"},
                      {"fault": {"name": "location-query", "strict": True}}],
    # Amazon's with immutable tags.
    "immutable": [{"fault": "immutable-tags"}]}
