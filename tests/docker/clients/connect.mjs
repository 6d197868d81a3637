// Connects as an application does, with one of the common clients, and writes and reads a key.
// Reads {client, url, ca?, cert?, key?, verify?} from standard input, so that no secret stands in arguments.
// verify "ca": the chain alone, for a certificate that names no host.
import { text } from "node:stream/consumers";
import { Redis } from "ioredis";
import { createClient } from "redis";

const { client, url, ca, cert, key, verify } = JSON.parse(await text(process.stdin));
const tls = Object.fromEntries(
  Object.entries({
    ca,
    cert,
    key,
    checkServerIdentity: verify === "ca" ? () => undefined : undefined,
  }).filter(([, value]) => value !== undefined),
);

async function withIoredis() {
  const redis = new Redis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    ...(Object.keys(tls).length ? { tls } : {}),
  });
  let cause;
  redis.on("error", (error) => (cause ??= error));
  try {
    await redis.connect();
    await redis.set("node:ioredis", "written by ioredis", "EX", 60);
    return await redis.get("node:ioredis");
  } catch (error) {
    throw cause ?? error;
  } finally {
    redis.disconnect();
  }
}

async function withNodeRedis() {
  const redis = createClient({ url, socket: { reconnectStrategy: false, ...tls } });
  redis.on("error", () => {});
  try {
    await redis.connect();
    await redis.set("node:redis", "written by node-redis", { EX: 60 });
    return await redis.get("node:redis");
  } finally {
    if (redis.isOpen) redis.destroy();
  }
}

try {
  const value = await (client === "ioredis" ? withIoredis() : withNodeRedis());
  console.log(JSON.stringify({ value }));
} catch (error) {
  console.log(JSON.stringify({ error: error.code ?? error.message }));
}
