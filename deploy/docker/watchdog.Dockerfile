# The watchdog, for images of functions to copy: COPY --from=shoal/watchdog /fwatchdog /usr/bin/fwatchdog
#
#   /fwatchdog         needs nothing but glibc; on linux/arm/v7, where there is no such executable, it needs Node
#   /fwatchdog-musl    for Alpine with its package libstdc++; not on linux/arm/v7
#   /fwatchdog-node    for images that have Node anyway: 0.3 MB
#
# `npm run build:images` builds it. To do without that:
#
#   npm run build:images -- --prepare    makes dist/watchdog/image, with a folder for each processor
#   docker build -f deploy/docker/watchdog.Dockerfile -t shoal/watchdog dist/watchdog/image
FROM scratch
ARG TARGETARCH
# The classic builder does not know TARGETARCH.
ARG HOST_ARCH=amd64
COPY ${TARGETARCH:-$HOST_ARCH}/ /
# Nobody runs it, but a container cannot be made of an image without a command, and some copy from a container.
CMD ["/fwatchdog"]
