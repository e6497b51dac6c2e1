/* SPDX-License-Identifier: Apache-2.0
 * Media types of the OCI image specification 1.1 (media-types.md) and docker's schema 2 that croze writes and reads. */
#ifndef CROZE_IMAGE_MEDIA_TYPES_H
#define CROZE_IMAGE_MEDIA_TYPES_H

#define MEDIA_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define MEDIA_INDEX "application/vnd.oci.image.index.v1+json"
#define MEDIA_CONFIG "application/vnd.oci.image.config.v1+json"
#define MEDIA_DOCKER_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"
#define MEDIA_DOCKER_CONFIG "application/vnd.docker.container.image.v1+json"

#endif
