# docker build -t mqttrep . && docker run -v mqttrep:/var/lib/mqttrep --env-file mqttrep.env mqttrep

# The bundle has no native parts: it is built once, on the platform of the builder, for every platform.
FROM --platform=$BUILDPLATFORM node:22-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
# The tarball that anybody else installs, too.
RUN npm pack --silent && mv mqttrep-*.tgz mqttrep.tgz

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="mqttrep" \
      org.opencontainers.image.description="Multi-master replication of MQTT brokers of any make, over nothing but MQTT" \
      org.opencontainers.image.licenses="MIT"
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /build/mqttrep.tgz /tmp/
RUN npm install --global --no-audit --no-fund /tmp/mqttrep.tgz \
    && rm -rf /tmp/mqttrep.tgz /root/.npm \
    && install -d -o node -g node -m 0700 /var/lib/mqttrep

# Fewer arenas of `malloc`: less memory (docs/performance.md).
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    MQTTREP_STORE=/var/lib/mqttrep
USER node
WORKDIR /var/lib/mqttrep
VOLUME /var/lib/mqttrep

# The status server, once MQTTREP_HTTP names another host than loopback.
EXPOSE 9280

# The status server is for this container alone unless MQTTREP_HTTP names another host. With MQTTREP_HTTP=off, or on
# another port, give a health check of your own, or --no-healthcheck.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["node", "-e", "fetch('http://127.0.0.1:9280/livez').then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]

# tini passes signals on, and reaps what is left; 10 s of `docker stop` are enough for mqttrep to drain. The `--` keeps
# Node.js from reading an --env-file that is meant for mqttrep.
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "node", "--", "/usr/local/lib/node_modules/mqttrep/dist/bin/mqttrep.js"]
CMD ["run"]
