# Meridian in a container (docs/compose.md): built from the source with its packet and fleet addons, run by an unprivileged user.
# Tools are fetched only where the base image lacks them, so a build works offline once bases and npm's cache are there.
ARG NODE_IMAGE=node:22-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
RUN for tool in g++ make python3 setcap tini-static; do command -v "$tool" > /dev/null || missing=yes; done; \
    [ -z "$missing" ] || { apt-get update \
      && apt-get install -y --no-install-recommends g++ make python3 libcap2-bin tini && rm -rf /var/lib/apt/lists/*; }
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
COPY native native
RUN npm ci --prefer-offline --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY test test
COPY bench bench
COPY dashboard dashboard
# The bill of materials (CycloneDX) names every package that is left when those for development are gone; npm makes it from the lock.
RUN npx tsc -p . && npx vite build --config dashboard/vite.config.ts \
 && npm sbom --package-lock-only --omit dev --sbom-format cyclonedx > sbom.json && npm prune --omit=dev --no-audit --no-fund
# What the runtime gets besides: Node with the one capability that port 53 needs, an init, the OpenMP runtime of the fleet addon.
RUN mkdir -p /runtime/usr/local/bin /runtime/usr/lib \
 && cp "$(command -v node)" /runtime/usr/local/bin/node && setcap cap_net_bind_service=+ep /runtime/usr/local/bin/node \
 && cp "$(command -v tini-static)" /runtime/usr/local/bin/tini \
 && cp -L /usr/lib/*-linux-gnu*/libgomp.so.1 /runtime/usr/lib/ \
 && ln -s /opt/meridian/dist/src/app/main.js /runtime/usr/local/bin/meridian && chmod +x dist/src/app/main.js

FROM ${BASE_IMAGE} AS runtime
# No program in here may gain rights by being started, but Node its one capability.
RUN groupadd --gid 1000 meridian && useradd --uid 1000 --gid 1000 --no-create-home --shell /usr/sbin/nologin meridian \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
 && mkdir -p /opt/meridian/var && chown meridian:meridian /opt/meridian/var
WORKDIR /opt/meridian
COPY --from=build /runtime /
COPY --from=build /build/package.json /build/sbom.json ./
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist/src dist/src
COPY --from=build /build/dist/dashboard dist/dashboard
COPY --from=build /build/native/build/*.node native/build/
COPY zones zones
COPY LICENSE NOTICE ./
# Inside the container the server listens on every address; what reaches it is for the container's network to say.
RUN sed -i 's/127\.0\.0\.1:5053/0.0.0.0:5053/' zones/meridian.yaml && ldconfig
USER 1000:1000
VOLUME /opt/meridian/var
EXPOSE 53/udp 53/tcp 5053/udp 5053/tcp
ENTRYPOINT ["tini", "--"]
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["meridian", "status", "--socket", "/opt/meridian/var/meridian.sock"]
CMD ["meridian", "serve", "--config", "zones/meridian.yaml"]
