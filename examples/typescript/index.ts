// A program in TypeScript that gets a Redis from the component plugin.

import * as pulumi from "@pulumi/pulumi";
import { SecureRedis } from "@pulumi/secure-redis";

const config = new pulumi.Config();

const cache = new SecureRedis("cache", {
    target: "docker",
    environment: "development",
    purpose: "sessions",
    memoryGb: 0.125,
    tags: { team: "shop" },
    // What differs from machine to machine: port, image.
    docker: config.getObject("docker"),
});

// What carries a credential arrives secret, and stays secret in what is made of it.
export const url = cache.url;
export const settings = pulumi.jsonStringify({ store: cache.url, prefix: "shop:" });
export const ca = cache.caPem;
export const host = cache.host;
export const port = cache.port;
export const publicEnvironment = cache.envPublic;
