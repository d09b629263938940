import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { PlimsollError } from "../kernel/index.js";
import { type IniSections, parseIni } from "./ini-file.js";

export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

/** What may be said about a server; the usual variables and files of AWS say what is left out. */
export interface S3Settings {
  endpoint?: string | undefined;
  region?: string | undefined;
  profile?: string | undefined;
  /**
   * The bucket as the first part of the path in place of the host; the rule with an endpoint of one's own.
   */
  isPathStyle?: boolean | undefined;
  credentials?: S3Credentials | undefined;
  /** In place of the process's own. */
  env?: Record<string, string | undefined> | undefined;
}

/** Where requests about a bucket go, and how they are signed. */
export interface S3Place {
  /** For messages. */
  name: string;
  protocol: "http:" | "https:";
  hostname: string;
  port: string;
  /** Before each key, with a `/` at its end. */
  path: string;
  region: string;
  /** Read when they are asked for, so that renewed ones are found. */
  credentials(): S3Credentials;
}

/** Finds out the place of a bucket by settings, then variables, then files. */
export function resolveS3Place(bucket: string, settings: S3Settings = {}): S3Place {
  const env = settings.env ?? process.env;
  const profile = settings.profile ?? env.AWS_PROFILE ?? "default";
  const config = () => sectionOf(env.AWS_CONFIG_FILE ?? join(homedir(), ".aws", "config"), profile);
  const region =
    settings.region ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? config()?.get("region") ?? "us-east-1";
  const endpoint =
    settings.endpoint ?? env.AWS_ENDPOINT_URL_S3 ?? env.AWS_ENDPOINT_URL ?? config()?.get("endpoint_url");
  const name = `s3://${bucket}`;
  const isPathStyle = settings.isPathStyle ?? (endpoint !== undefined || bucket.includes("."));
  const url = endpointUrl(name, endpoint ?? `https://s3.${region}.amazonaws.com`);
  return {
    name,
    protocol: url.protocol as S3Place["protocol"],
    hostname: isPathStyle ? url.hostname : `${bucket}.${url.hostname}`,
    port: url.port,
    path: `${url.pathname.replace(/\/$/, "")}/${isPathStyle ? `${bucket}/` : ""}`,
    region,
    credentials: () => settings.credentials ?? findCredentials(name, profile, settings.profile, env),
  };
}

function endpointUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === "" && url.password === "")
    return url;
  const reason = "its endpoint is no http or https address without a user";
  throw new PlimsollError("STORAGE_ADDRESS", { address: name, reason });
}

/** Keys in variables count, unless a profile was asked for by a setting; else those of the profile. */
function findCredentials(
  name: string,
  profile: string,
  askedProfile: string | undefined,
  env: Record<string, string | undefined>,
): S3Credentials {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (askedProfile === undefined && accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, sessionToken: env.AWS_SESSION_TOKEN };
  const files = [
    env.AWS_SHARED_CREDENTIALS_FILE ?? join(homedir(), ".aws", "credentials"),
    env.AWS_CONFIG_FILE ?? join(homedir(), ".aws", "config"),
  ];
  for (const file of files) {
    const section = sectionOf(file, profile);
    const id = section?.get("aws_access_key_id");
    const secret = section?.get("aws_secret_access_key");
    if (id && secret)
      return { accessKeyId: id, secretAccessKey: secret, sessionToken: section?.get("aws_session_token") };
  }
  const reason = `neither in variables nor for the profile ${profile} in ${files.join(" or ")}`;
  throw new PlimsollError("STORAGE_CREDENTIALS", { storage: name, reason });
}

function sectionOf(file: string, profile: string): Map<string, string> | undefined {
  let sections: IniSections;
  try {
    sections = parseIni(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
  return sections.get(profile);
}
