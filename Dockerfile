# Meridian in a container: built from the source, run as an unprivileged user.
FROM node:22-bookworm-slim AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends g++ make python3 && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json .npmrc ./
COPY native native
RUN npm ci --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY test test
COPY bench bench
COPY dashboard dashboard
RUN npx tsc -p . && npx vite build --config dashboard/vite.config.ts && npm prune --omit=dev

FROM node:22-bookworm-slim
WORKDIR /opt/meridian
COPY --from=build /build/package.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist/src dist/src
COPY --from=build /build/dist/dashboard dist/dashboard
COPY --from=build /build/native/build native/build
COPY zones zones
COPY LICENSE NOTICE ./
# Inside the container the server listens on every address; what reaches it is for the container's network to say.
RUN sed -i 's/127\.0\.0\.1:5053/0.0.0.0:5053/' zones/meridian.yaml \
 && mkdir var && chown node:node var \
 && chmod +x dist/src/app/main.js && ln -s /opt/meridian/dist/src/app/main.js /usr/local/bin/meridian
USER node
EXPOSE 5053/udp 5053/tcp
HEALTHCHECK --interval=10s --timeout=3s CMD ["meridian", "query", "example.test", "SOA", "@127.0.0.1:5053"]
CMD ["meridian", "serve", "--config", "zones/meridian.yaml"]
