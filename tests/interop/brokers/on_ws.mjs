// A broker on Node's `ws`: terminals at /, and a POS for each at /pos/PINPAD-ID.
//
//     on_ws.mjs PORT [CA CERT KEY]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import http from "node:http";
import https from "node:https";

// Where the packages are, the caller says.
const require = createRequire(process.env.PACKAGES + "/");
const { WebSocketServer } = require("ws");
const [port, ca, cert, key] = process.argv.slice(2);
const server = cert
  ? https.createServer({
      ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key),
      requestCert: true, rejectUnauthorized: true,
    })
  : http.createServer();
const sockets = new WebSocketServer({
  server,
  handleProtocols: (offered) => (offered.has("sci") ? "sci" : false),
});
const terminals = new Map();
const tills = new Map();

sockets.on("connection", (socket, request) => {
  const till = request.url.match(/^\/pos\/(.*)$/);
  const pinpad = till ? till[1] : (request.headers["x-vfi-pinpad-id"] ?? "");
  socket.on("error", () => {});
  if (till) {
    tills.set(pinpad, (tills.get(pinpad) ?? new Set()).add(socket));
    socket.on("message", (data, isBinary) => terminals.get(pinpad)?.send(data, { binary: isBinary }));
    socket.on("close", () => tills.get(pinpad).delete(socket));
  } else {
    terminals.set(pinpad, socket);
    socket.on("message", (data, isBinary) => {
      for (const one of tills.get(pinpad) ?? []) one.send(data, { binary: isBinary });
    });
    socket.on("close", () => terminals.get(pinpad) === socket && terminals.delete(pinpad));
  }
});
const { version } = require("ws/package.json");
server.listen(Number(port), "127.0.0.1", () => console.log(`listening: Node ${process.version}, ws ${version}`));
