# The container image, for where a registry can be reached; `npm run image` builds the same one without (docs/image.md).
# What goes into it is decided in one place, scripts/image/.

# Not the slim variant: this one has `strip`, which makes the image 12 MB smaller.
FROM node:20 AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev --ignore-scripts
COPY . .
# The commit, for `swarm --version`: docker build --build-arg REVISION=$(git rev-parse HEAD) .
ARG REVISION
RUN node scripts/bootstrap.mjs image --root /image

FROM scratch
ARG REVISION
COPY --from=build /image /
ENV PATH="/usr/local/bin:/usr/bin:/bin" \
    NODE_ENV="production" \
    SWARM_HOST=":2375" \
    SWARM_HEALTH_FILE="/tmp/swarm-health.json"
EXPOSE 2375/tcp
VOLUME ["/.swarm"]
WORKDIR /
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["/swarm", "health"]
LABEL org.opencontainers.image.title="swarm" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="$REVISION"
ENTRYPOINT ["/swarm"]
CMD ["--help"]
