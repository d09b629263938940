import { writeFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { parseS3Address } from "../../src/s3/address.js";
import { resolveS3Place, type S3Settings } from "../../src/s3/settings.js";
import { makeFolder } from "../support/cli.js";

const folder = makeFolder();
afterAll(folder.remove);

const config = folder.file("config");
const credentials = folder.file("credentials");
writeFileSync(
  config,
  `[default]
region = eu-west-1
[profile far]
region=ap-south-2
endpoint_url = http://minio:9000/base/ # beside the rack
s3 =
  max_concurrent_requests = 20
`,
);
writeFileSync(
  credentials,
  `[default]
aws_access_key_id = AKDEFAULT
aws_secret_access_key = of/default=
[far]
aws_access_key_id=AKFAR
aws_secret_access_key=of+far
aws_session_token = token==
`,
);
const files = { AWS_CONFIG_FILE: config, AWS_SHARED_CREDENTIALS_FILE: credentials };

function place(settings: S3Settings, bucket = "bucket") {
  return resolveS3Place(bucket, settings);
}

test("the usual variables and files are heeded, settings before them", () => {
  expect(place({ env: files })).toMatchObject({
    protocol: "https:",
    hostname: "bucket.s3.eu-west-1.amazonaws.com",
    path: "/",
    region: "eu-west-1",
  });
  expect(place({ env: files }).credentials()).toMatchObject({
    accessKeyId: "AKDEFAULT",
    secretAccessKey: "of/default=",
  });
  const far = place({ env: { ...files, AWS_PROFILE: "far" } });
  expect(far).toMatchObject({ hostname: "minio", port: "9000", path: "/base/bucket/", region: "ap-south-2" });
  expect(far.credentials()).toEqual({
    accessKeyId: "AKFAR",
    secretAccessKey: "of+far",
    sessionToken: "token==",
  });
  const keys = {
    AWS_ACCESS_KEY_ID: "AKENV",
    AWS_SECRET_ACCESS_KEY: "env",
    AWS_REGION: "r",
    AWS_ENDPOINT_URL_S3: "http://h:1",
  };
  expect(place({ env: { ...files, ...keys } }).credentials().accessKeyId).toBe("AKENV");
  expect(place({ env: { ...files, ...keys }, profile: "far" }).credentials().accessKeyId).toBe("AKFAR");
  expect(place({ env: { ...files, ...keys }, region: "mine", endpoint: "https://e" })).toMatchObject({
    region: "mine",
    hostname: "e",
  });
  expect(place({ env: { ...files, ...keys }, isPathStyle: false }).hostname).toBe("bucket.h");
  expect(place({ env: files }, "with.dots").path).toBe("/with.dots/");
});

test("what is missing or wrong is told", () => {
  const none = { AWS_CONFIG_FILE: "/none", AWS_SHARED_CREDENTIALS_FILE: "/none" };
  expect(() => place({ env: none }).credentials()).toThrow(
    expect.objectContaining({ code: "STORAGE_CREDENTIALS" }),
  );
  for (const endpoint of ["no address", "ftp://x", "http://user:secret@host"]) {
    expect(() => place({ env: none, endpoint })).toThrow(
      expect.objectContaining({ code: "STORAGE_ADDRESS" }),
    );
    expect(() => place({ env: none, endpoint })).not.toThrow(/secret/);
  }
});

test("addresses of buckets and keys", () => {
  expect(parseS3Address("s3://bucket/a b/ü?#%20")).toEqual({ bucket: "bucket", key: "a b/ü?#%20" });
  expect(parseS3Address("s3://bucket")).toEqual({ bucket: "bucket", key: "" });
  for (const text of ["s3://", "s3:///key", "https://bucket", "s3://a@b/c", "s3://bu cket/x"])
    expect(parseS3Address(text)).toBe(null);
});
