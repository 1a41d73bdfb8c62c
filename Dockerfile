# The server, built from this folder.

FROM rust:1-bookworm AS build
WORKDIR /src
# First the dependencies alone, with empty sources in place of ours: this layer is built again only
# when a manifest changes.
COPY Cargo.toml Cargo.lock ./
COPY verifier/Cargo.toml verifier/
COPY bench/Cargo.toml bench/
RUN mkdir -p src bench/src tests/it verifier/src verifier/examples \
    && echo 'fn main() {}' | tee src/main.rs bench/src/main.rs verifier/examples/api.rs \
    && touch src/lib.rs verifier/src/lib.rs tests/it/main.rs \
    && cargo build --release --locked
COPY . .
# Cargo goes by the time of a file, and those that were copied are older than the empty ones.
RUN find src templates verifier migrations build.rs -type f -exec touch {} + \
    && cargo build --release --locked

FROM debian:bookworm-slim
# The gate reaches its issuer by https.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --user-group chancery \
    && install -d -m 0700 -o chancery -g chancery /var/lib/chancery
COPY --from=build /src/target/release/chancery /usr/local/bin/chancery
USER chancery
WORKDIR /var/lib/chancery
ENV CHANCERY_DATA_DIR=/var/lib/chancery
VOLUME ["/var/lib/chancery"]
EXPOSE 8080
# The shell opens the connection itself, so that the image needs no HTTP client. A node is ready when
# its database answers and its keys are there.
HEALTHCHECK --interval=5s --timeout=3s --retries=6 \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /readyz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["chancery"]
CMD ["serve"]
