import { execFileSync, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { listed, noise, put } from "../../conformance/storage-world.js";
import { S3Storage } from "../../src/snapshots/index.js";
import { makeFolder, plimsoll } from "../support/cli.js";
import { S3Server, s3Keys } from "../support/s3-server.js";

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
const partBytes = 50_000;

let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterEach(() => {
  server.fault = () => null;
});
afterAll(() => server[Symbol.asyncDispose]());

test("a page that answers everything is no storage: nothing is listed, nothing counts as written", async () => {
  const { endpoint } = server;
  await using storage = new S3Storage("bucket", "p/", {
    endpoint,
    credentials: s3Keys,
    env: {},
    partBytes,
    attemptsMax: 2,
  });
  server.fault = () => ({ kind: "page" });
  const told = { code: "STORAGE_FAILED", message: expect.stringContaining("is it an S3 server?") };
  await expect(listed(storage)).rejects.toMatchObject(told);
  await expect(put(storage, "object", noise(1, 10))).rejects.toMatchObject(told);
  await expect(put(storage, "object", noise(1, 3 * partBytes))).rejects.toMatchObject({
    code: "STORAGE_FAILED",
  });
});

test.skipIf(!hasOpenssl)("a server with an authority of its own is trusted when that is named", async () => {
  const folder = makeFolder();
  const [key, certificate] = [folder.file("key.pem"), folder.file("certificate.pem")];
  const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"];
  const names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  execFileSync("openssl", [...words, ...names, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  const secure = https.createServer({ key: readFileSync(key), cert: readFileSync(certificate) });
  secure.on("request", (request, response) => {
    // With the same Host, which is signed.
    const { method, url, headers } = request;
    const inner = http.request(server.endpoint + url, { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
    });
    request.pipe(inner);
  });
  secure.listen(0, "127.0.0.1");
  await once(secure, "listening");
  const endpoint = `https://localhost:${(secure.address() as AddressInfo).port}`;
  const keys = { AWS_ACCESS_KEY_ID: s3Keys.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey };
  const list = (environment: Record<string, string>) =>
    plimsoll(["snapshot", "list", "s3://bucket", "--endpoint", endpoint], {
      environment: { ...keys, ...environment },
    });
  try {
    const refused = await list({});
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining("STORAGE_CERTIFICATE")]);
    expect(refused.error).toContain("NODE_EXTRA_CA_CERTS");
    const taken = await list({ NODE_EXTRA_CA_CERTS: certificate });
    expect(taken.code, taken.error).toBe(0);
  } finally {
    secure.close();
    folder.remove();
  }
});
