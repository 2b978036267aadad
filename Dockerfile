# Conclave in one image: conclave-node, conclave-gateway, conclave-discovery, conclavectl.
#
#   docker build -t conclave .            (--build-arg NODE_TAG=... for another Node)
#
# It runs as the user `node`, keeps data under /data, and needs an init as PID 1: `docker run --init`, or
# `init: true` in a compose file.
ARG NODE_TAG=24-bookworm-slim

# Only what `npm ci` reads, so that a change of source does not install everything again.
FROM node:${NODE_TAG} AS manifests
COPY . /src
RUN find /src/apps /src/libs -type f ! -name package.json -delete

FROM node:${NODE_TAG} AS build
# RocksDB's binding is loaded once while building, and needs it.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
  apt-get update && apt-get install -y --no-install-recommends libatomic1
WORKDIR /src
COPY --from=manifests /src/package.json /src/package-lock.json /src/.npmrc ./
COPY --from=manifests /src/apps apps
COPY --from=manifests /src/libs libs
RUN --mount=type=cache,target=/root/.npm npm ci --no-audit --no-fund
COPY . .
RUN node tools/ensure-deps.mjs && node tools/bundle.mjs && node tools/image-files.mjs /image

FROM node:${NODE_TAG}
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
  apt-get update && apt-get install -y --no-install-recommends libatomic1 \
  && mkdir -m 0700 /data && chown node:node /data
COPY --from=build /image /opt/conclave
ENV PATH=/opt/conclave/bin:$PATH NODE_ENV=production
USER node
WORKDIR /data
VOLUME /data
EXPOSE 2379 2380 8087
# Without a URL (HEALTH_URL) it asks the port that all three programs serve health on by default.
HEALTHCHECK --interval=5s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "/opt/conclave/healthcheck.js"]
CMD ["conclave-node", "--data-dir", "/data", "--listen-client-urls", "http://0.0.0.0:2379", \
  "--advertise-client-urls", "http://127.0.0.1:2379"]
