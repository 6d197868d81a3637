// Loaded before a program of Node.js: lets addresses of the fake cloud lead to ports of this machine.
// REDIRECTED is JSON: the port by `address:port`. The program sees the address it asked for.
import net from "node:net";

const ports = JSON.parse(process.env.REDIRECTED);
const connect = net.Socket.prototype.connect;

net.Socket.prototype.connect = function (...given) {
  const [options, done] = Array.isArray(given[0]) ? given[0] : given;
  const port = ports[`${options?.host}:${options?.port}`];
  return port === undefined
    ? connect.apply(this, given)
    : connect.call(this, { ...options, host: "127.0.0.1", port }, done);
};
