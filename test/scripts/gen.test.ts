import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { schnorr } from "@noble/curves/secp256k1.js";
import { expect, test } from "vitest";

function gen(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ["scripts/gen.js", ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
}

interface NostrEvent {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
}

test("events have true ids, and sizes and tags as an archive has them", () => {
  const { stdout } = gen("nostr", "--count", "4000", "--seed", "3");
  const events: NostrEvent[] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.length).toBe(4000);
  expect(new Set(events.map(({ id }) => id)).size).toBe(4000);
  for (const { id, pubkey, created_at, kind, tags, content, sig } of events) {
    const text = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
    expect(id).toBe(createHash("sha256").update(text).digest("hex"));
    expect(sig).toMatch(/^[0-9a-f]{128}$/);
  }
  const tags = events
    .flatMap((event) => event.tags)
    .filter(([name, value]) => /^[A-Za-z]$/.test(name!) && value);
  expect(tags.length / 4000).toBeGreaterThan(4.5);
  expect(tags.length / 4000).toBeLessThan(6.2);
  expect(Buffer.byteLength(stdout) / 4000).toBeGreaterThan(750);
  expect(Buffer.byteLength(stdout) / 4000).toBeLessThan(950);
});

test("events are signed on demand, as another library finds, and otherwise the same kind of data", () => {
  const args = ["nostr", "--count", "300", "--seed", "3", "--signed"];
  const { stdout } = gen(...args);
  const events: NostrEvent[] = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(events.length).toBe(300);
  for (const { id, pubkey, created_at, kind, tags, content, sig } of events) {
    const text = JSON.stringify([0, pubkey, created_at, kind, tags, content]);
    expect(id).toBe(createHash("sha256").update(text).digest("hex"));
    const [signature, message, key] = [sig, id, pubkey].map((hex) =>
      Uint8Array.from(Buffer.from(hex, "hex")),
    );
    expect(schnorr.verify(signature!, message!, key!)).toBe(true);
  }
  expect(gen(...args).stdout).toBe(stdout);
  expect(gen("rows", "--count", "3", "--signed").status).toBe(2);
});

test("the same seed gives the same data, another one other data", () => {
  for (const [kind, count] of [
    ["nostr", "--count"],
    ["rows", "--count"],
    ["graph", "--edges"],
  ] as const) {
    const [first, second, other] = ["1", "1", "2"].map(
      (seed) => gen(kind, count, "50", "--seed", seed).stdout,
    );
    expect(first).toBe(second);
    expect(first).not.toBe(other);
  }
});

test("a graph has exactly so many edges, whatever it stops amid, and all of them are N-Triples", () => {
  for (const count of [1, 2, 7, 100, 101]) {
    expect(gen("graph", "--edges", String(count)).stdout.trimEnd().split("\n").length).toBe(count);
  }
  const iri = "<http://[a-z0-9./#-]+>";
  const literal = `"[^"\\\\]+"(@en|\\^\\^${iri})?`;
  const triple = new RegExp(`^${iri} ${iri} (${iri}|${literal}) \\.$`, "i");
  const lines = gen("graph", "--edges", "5000").stdout.trimEnd().split("\n");
  expect(lines.filter((line) => !triple.test(line))).toEqual([]);
});

test("a graph's links follow power laws", () => {
  const { stdout } = gen("graph", "--edges", "200000");
  const countsOf = (pattern: RegExp) => {
    const counts = new Map<string, number>();
    for (const [, name] of stdout.matchAll(pattern)) counts.set(name!, (counts.get(name!) ?? 0) + 1);
    return [...counts.values()].sort((a, b) => b - a);
  };
  for (const pattern of [/#tag> <(\S+)>/g, /#owner> <(\S+)>/g, /#up> <(\S+)>/g]) {
    const counts = countsOf(pattern);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const top = counts.slice(0, Math.ceil(counts.length / 20)).reduce((sum, count) => sum + count, 0);
    expect(top / total).toBeGreaterThan(0.15);
    expect(counts[0]! / total).toBeLessThan(0.2);
    expect(counts.length).toBeGreaterThan(500);
  }
});

test("the long list is one list but for the rare edges", () => {
  const lines = gen("list", "--edges", "250000").stdout.trimEnd().split("\n");
  expect(new Set(lines).size).toBe(250_000);
  expect(lines.filter((line) => line.endsWith("/rare> .")).length).toBe(2);
  expect(lines.filter((line) => line.endsWith("/in> <http://list.example/all> .")).length).toBe(249_998);
});

test("rows have a header, seven columns and repeats where asked", () => {
  const { stdout } = gen("rows", "--count", "2000", "--dup", "10");
  expect(stdout.startsWith("id,name,city,age,score,joined,bio\n")).toBe(true);
  const ids = [...stdout.matchAll(/^(\d+),[^,]+,[^,]+,\d+,/gm)].map(([, id]) => id);
  expect(ids.length).toBe(2000);
  expect(2000 - new Set(ids).size).toBeGreaterThan(120);
  expect(2000 - new Set(ids).size).toBeLessThan(280);
});

test("wrong usage exits with 2 and says what is wrong; help exits with 0", () => {
  for (const args of [
    [],
    ["other"],
    ["nostr"],
    ["rows", "--count", "x"],
    ["rows", "--count", "1", "--no"],
    ["graph"],
    ["graph", "--count", "1"],
  ]) {
    const { status, stderr } = gen(...args);
    expect(status).toBe(2);
    expect(stderr).toMatch(/Usage/);
  }
  expect(gen("--help")).toMatchObject({ status: 0 });
});

test("a feed has its files, the same for the same seed, and the bad rows that are asked for", () => {
  const folder = mkdtempSync(join(tmpdir(), "plimsoll-gen-"));
  const files = ["category.csv", "product_abstract.csv", "product_price.csv", "plan.yml", "mapping.yml"];
  const feed = (name: string, seed: string) => {
    const out = join(folder, name);
    const words = ["products", "--count", "300", "--seed", seed, "--bad", "3", "--out", out];
    expect(gen(...words)).toMatchObject({ status: 0, stderr: "" });
    return files.map((file) => readFileSync(join(out, file), "utf8"));
  };
  try {
    const [first, again, other] = [feed("a", "5"), feed("b", "5"), feed("c", "6")];
    expect(again).toEqual(first);
    expect(other[1]).not.toBe(first[1]);
    expect(first[1]!.split("\n")).toHaveLength(302);
    expect(first[1]!.match(/,weight,heavy,/g)).toHaveLength(3);
  } finally {
    rmSync(folder, { recursive: true });
  }
  expect(gen("products", "--count", "1")).toMatchObject({ status: 2 });
});
