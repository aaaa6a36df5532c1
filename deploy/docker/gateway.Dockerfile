# The gateway, for linux/amd64, linux/arm64 and linux/arm/v7. `npm run build:images` builds it. To do without that:
#
#   npm run build:images -- --prepare    makes dist/, from which all is copied
#   docker build -f deploy/docker/gateway.Dockerfile -t shoal/gateway .
#
# It runs as user 1000, with a read-only root if /tmp is a tmpfs. For the Docker engine of its machine it needs the socket
# and the group of the socket:
#
#   -v /var/run/docker.sock:/var/run/docker.sock --user 1000:$(stat -c %g /var/run/docker.sock)
ARG NODE_IMAGE=node:22-bookworm-slim

# On the builder's own processor, whatever the image is for, so that nothing has to be emulated. The classic builder does
# not know BUILDPLATFORM: `linux` means its own.
FROM --platform=${BUILDPLATFORM:-linux} ${NODE_IMAGE} AS files
WORKDIR /files/opt/shoal
COPY dist/gateway dist/gateway
COPY dist/portal dist/portal
# The local provider starts it to run functions.
COPY dist/watchdog/main.cjs dist/watchdog/
COPY dist/functions functions
COPY deploy/docker/healthcheck.mjs ./
# The page at /docs.
COPY \
  node_modules/swagger-ui-dist/LICENSE \
  node_modules/swagger-ui-dist/NOTICE \
  node_modules/swagger-ui-dist/package.json \
  node_modules/swagger-ui-dist/swagger-ui.css \
  node_modules/swagger-ui-dist/swagger-ui-bundle.js \
  node_modules/swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt \
  node_modules/swagger-ui-dist/
# Everybody may read, whatever the umask was where it was checked out. The data directory is the user's.
RUN chmod -R a+rX,go-w /files && mkdir -p /files/home/app/.shoal && chown -R 1000:1000 /files/home/app

FROM ${NODE_IMAGE}
ARG TARGETARCH
ARG HOST_ARCH=amd64
COPY --from=files /files/ /
# Where asynchronous calls wait, unless that is NATS: the one part that is native.
COPY dist/modules/${TARGETARCH:-$HOST_ARCH}/ /opt/shoal/
ENV HOME=/home/app \
    SHOAL_HOME=/home/app/.shoal \
    SHOAL_HOST=0.0.0.0 \
    SHOAL_METRICS_HOST=0.0.0.0
WORKDIR /home/app
USER 1000:1000
VOLUME /home/app/.shoal
EXPOSE 8080 8082
HEALTHCHECK --interval=3s --timeout=3s --start-period=30s CMD ["node", "/opt/shoal/healthcheck.mjs"]
ENTRYPOINT ["node", "/opt/shoal/dist/gateway/main.cjs"]
