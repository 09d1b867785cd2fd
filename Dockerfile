# Hermod in the place of the image fanout/pushpin: the same ports, the same /etc/pushpin, the same `target` variable.
#   docker build -t hermod .
#   docker run -p 7999:7999 -p 5561:5561 -p 5562:5562 -e target=app:8080 hermod
FROM node:26-bookworm-slim AS build
WORKDIR /hermod
COPY package.json package-lock.json .npmrc ./
COPY tools tools
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:26-bookworm-slim
WORKDIR /hermod
ENV NODE_ENV=production
COPY --from=build /hermod/package.json ./
COPY --from=build /hermod/bin bin
COPY --from=build /hermod/dist dist
COPY --from=build /hermod/node_modules node_modules
COPY packaging/pushpin.conf packaging/routes /etc/pushpin/
COPY packaging/docker-entrypoint.sh /usr/local/bin/
USER node
# Clients · ZeroMQ PULL · HTTP publishers · ZeroMQ SUB · ZeroMQ commands
EXPOSE 7999 5560 5561 5562 5563
HEALTHCHECK CMD ["node", "-e", "fetch('http://127.0.0.1:5561/').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["hermod", "start", "--pushpin-conf=/etc/pushpin/pushpin.conf"]
