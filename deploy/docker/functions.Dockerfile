# A sample function: its folder in functions/, with the watchdog in front. `npm run build:images` builds all of them, with
# what their function.yml says. To do without that:
#
#   npm run build:images -- --prepare    makes dist/functions
#   docker build -f deploy/docker/functions.Dockerfile --build-arg FUNCTION=echo --build-arg COMMAND=cat -t shoal/echo .
ARG WATCHDOG_IMAGE=shoal/watchdog
# With glibc, a shell and what the command needs; for a function in JavaScript, a Node image.
ARG BASE_IMAGE=debian:bookworm-slim
ARG NODE_IMAGE=node:22-bookworm-slim
# For the classic builder, which does not know TARGETARCH.
ARG HOST_ARCH=amd64

FROM ${WATCHDOG_IMAGE} AS watchdog

# On the builder's own processor, so that nothing has to be emulated; `linux` is for the classic builder, and means its own.
FROM --platform=${BUILDPLATFORM:-linux} ${BASE_IMAGE} AS files
ARG FUNCTION
COPY dist/functions/${FUNCTION} /files/home/app
# Everybody may read, whatever the umask was where it was checked out.
RUN chmod -R a+rX,go-w /files

FROM ${BASE_IMAGE} AS base-amd64
FROM ${BASE_IMAGE} AS base-arm64
# There the watchdog needs Node.
FROM ${NODE_IMAGE} AS base-arm

FROM base-${TARGETARCH:-$HOST_ARCH}
# `/fwatchdog-musl` for a base with musl, `/fwatchdog-node` for the smallest image with Node.
ARG WATCHDOG=/fwatchdog
COPY --from=watchdog ${WATCHDOG} /usr/bin/fwatchdog
COPY --from=files /files/ /
ARG COMMAND
ARG MODE
ARG CONTENT_TYPE
# Where a server listens is for `mode=http` only. The watchdog takes calls until a health check has seen that it is ending.
ENV fprocess="${COMMAND}" \
    mode="${MODE}" \
    content_type="${CONTENT_TYPE}" \
    PORT=3000 \
    upstream_url=http://127.0.0.1:3000 \
    healthcheck_interval=3s
WORKDIR /home/app
USER 1000:1000
EXPOSE 8080 8081
HEALTHCHECK --interval=3s --timeout=3s --start-period=30s CMD ["/usr/bin/fwatchdog", "-run-healthcheck"]
ENTRYPOINT ["/usr/bin/fwatchdog"]
