# dig and curl, to ask the servers of docker-compose.yml and to be a client of the sites they name.
ARG CLIENT_IMAGE=debian:bookworm-slim
FROM ${CLIENT_IMAGE}
RUN { command -v dig && command -v curl; } > /dev/null || { apt-get update \
      && apt-get install -y --no-install-recommends bind9-dnsutils curl ca-certificates && rm -rf /var/lib/apt/lists/*; }
USER nobody
CMD ["sleep", "infinity"]
