// Databases of name servers as PowerDNS keeps them in LMDB: domains, an index of their names and their
// records, each value with the header of the native schema in front. Several instances hold the same zones,
// but for what each of them has changed since, by its own clock.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { open } from "lmdb";
import { mix32, Random } from "./random.js";

const headerBytes = 24;
/** When the zones were loaded, and the span of the changes since, in nanoseconds. */
const loadedNano = 1_760_000_000_000_000_000n;
const changesSeconds = 3 * 24 * 3600;
/** One in so many entries has been changed by an instance; one in so many of those is gone. */
const changedOneIn = 100;
const goneOneIn = 8;
/** How far the clock of an instance may be off, in milliseconds either way. */
const skewMsMax = 2000;
const entriesPerTransaction = 100_000;

/** Records of a zone beside its SOA: type, name in front, and what it says. */
const recordKinds = [
  { type: 2, name: "", content: (random) => `ns${random.between(1, 4)}.provider${random.below(40)}.net.` },
  { type: 1, name: "", content: address },
  { type: 1, name: "www", content: address },
  { type: 15, name: "", content: (random) => `10 mail${random.below(9)}.provider${random.below(40)}.net.` },
  { type: 16, name: "", content: () => '"v=spf1 mx a -all"' },
  { type: 28, name: "www", content: (random) => `2001:db8:${random.bits().toString(16)}::1` },
  { type: 1, name: "mail", content: address },
];
const recordsPerDomain = 6;

/** Writes `instances` folders into `dir`, from the first that is wanted; the same seed gives the same entries. */
export async function makePowerDns({ domains, instances, seed, dir, first = 1 }) {
  mkdirSync(dir, { recursive: true });
  const made = [];
  for (let instance = first; instance <= instances; instance += 1) {
    const path = join(dir, `instance-${instance}`);
    if (existsSync(path)) throw new Error(`${path} is there already. Remove it, or choose another folder.`);
    made.push({ path, ...(await makeInstance({ path, domains, seed, instance })) });
  }
  return { domains, records: domains * recordsPerDomain, instances: made };
}

async function makeInstance({ path, domains, seed, instance }) {
  const binary = { encoding: "binary", keyEncoding: "binary", cache: false };
  const settings = { ...binary, path, noSubdir: false, noSync: true, overlappingSync: false, maxDbs: 16 };
  const root = open(settings);
  const changes = new Changes(seed, instance);
  let entries = 0;
  for (const [name, list] of Object.entries(databasesOf(domains, seed))) {
    const table = root.openDB({ name, ...binary });
    const source = list(changes);
    for (let isDone = false; !isDone; ) {
      root.transactionSync(() => {
        for (let count = 0; count < entriesPerTransaction; count += 1) {
          const next = source.next();
          isDone = next.done;
          if (isDone) return;
          if (!table.putSync(next.value.key, next.value.value, { append: true }))
            throw new Error("keys do not rise");
          entries += 1;
        }
      });
    }
  }
  await new Promise((resolve, reject) => root.sync((error) => (error ? reject(error) : resolve())));
  await root.close();
  return { entries };
}

/** Databases in the order of their names, with their entries in the order of their keys. */
function databasesOf(domains, seed) {
  return {
    domains_v5: (changes) => domainEntries(domains, seed, changes),
    domains_v5_0: (changes) => nameEntries(domains, seed, changes),
    records_v5: (changes) => recordEntries(domains, seed, changes),
  };
}

function* domainEntries(domains, seed, changes) {
  const key = Buffer.alloc(4);
  for (let domain = 0; domain < domains; domain += 1) {
    key.writeUInt32BE(idOf(domain, domains));
    const text = `{"zone":"${nameOf(domain, seed)}","masters":[],"kind":"NATIVE","account":"${mix32(domain, seed) % 1000}"}`;
    yield changes.entry(key, text, mix32(domain, seed ^ 1), isAlways);
  }
}

/** By name, as DNS orders it: from the last label on. */
function* nameEntries(domains, seed, changes) {
  for (let domain = 0; domain < domains; domain += 1) {
    const labels = nameOf(domain, seed).split(".").reverse();
    const name = Buffer.from(`${labels.join("\0")}\0\0\0\0`, "latin1");
    name.writeUInt32BE(idOf(domain, domains), name.length - 4);
    yield changes.entry(name, "", mix32(domain, seed ^ 2), isAlways);
  }
}

function* recordEntries(domains, seed, changes) {
  const random = new Random(seed ^ 3);
  const soa = { type: 6, name: "" };
  for (let domain = 0; domain < domains; domain += 1) {
    const first = random.below(recordKinds.length);
    const kinds = [soa];
    for (let at = 0; at < recordsPerDomain - 1; at += 1)
      kinds.push(recordKinds[(first + at) % recordKinds.length]);
    const records = kinds.map((kind, at) => ({ key: recordKey(idOf(domain, domains), kind), kind, at }));
    records.sort((a, b) => Buffer.compare(a.key, b.key));
    for (const { key, kind, at } of records) {
      const salt = mix32(domain * recordsPerDomain + at, seed ^ 4);
      const content = (version) => {
        const own = new Random(salt ^ version);
        const text =
          kind === soa
            ? `ns1.provider.net. hostmaster.provider.net. ${2026000000 + version} 10800 3600 604800 3600`
            : kind.content(own);
        return recordValue(text, own.pick([300, 3600, 86_400]));
      };
      yield changes.entry(key, content(0), salt, content);
    }
  }
}

/** Of each domain, in rising order, and spread over all numbers as PowerDNS draws them. */
function idOf(domain, domains) {
  return Math.floor((domain * 0xffff_ffff) / domains) + 1;
}

function nameOf(domain, seed) {
  const letters = domain.toString(36).padStart(6, "0");
  return `d${letters}${"abcdefghij".slice(0, mix32(domain, seed) % 10)}.example`;
}

/** The domain's number, the name within it from its last label on, and the type. */
function recordKey(id, { name, type }) {
  const key = Buffer.alloc(4 + name.length + 1 + 2);
  key.writeUInt32BE(id);
  key.write(name, 4, "latin1");
  key.writeUInt16BE(type, key.length - 2);
  return key;
}

/**
 * Length and text, how long it may be kept, whether it is the zone's own, disabled, and its order by name.
 */
function recordValue(text, ttl) {
  const value = Buffer.alloc(2 + text.length + 7);
  value.writeUInt16LE(text.length);
  value.write(text, 2, "latin1");
  value.writeUInt32LE(ttl, 2 + text.length);
  value[2 + text.length + 4] = 1;
  return value;
}

function address(random) {
  return `192.0.${random.below(256)}.${random.below(256)}`;
}

const isAlways = null;

/** What an instance has changed: which entries, when by its clock, and what they say now. */
class Changes {
  constructor(seed, instance) {
    this.salt = mix32(instance, seed ^ 5);
    this.instance = instance;
    const random = new Random(this.salt);
    this.skewNano = BigInt(random.between(-skewMsMax, skewMsMax)) * 1_000_000n;
    this.buffer = Buffer.alloc(4096);
  }

  /** `content` gives other versions; an entry without any is changed in its time alone. */
  entry(key, text, salt, content) {
    const own = mix32(salt, this.salt);
    const isChanged = own % changedOneIn === 0;
    const isGone = isChanged && content !== null && (own >>> 8) % goneOneIn === 0;
    const body = isGone ? "" : isChanged && content !== null ? content(this.instance) : text;
    let time = loadedNano + BigInt(salt % 1_000_000) * 1000n;
    if (isChanged) time += BigInt(own % changesSeconds) * 1_000_000_000n + this.skewNano;
    const value = this.buffer;
    value.fill(0, 0, headerBytes);
    value.writeBigUInt64BE(time);
    value.writeBigUInt64BE(1n, 8);
    value[17] = isGone ? 1 : 0;
    const bytes =
      typeof body === "string" ? value.write(body, headerBytes, "latin1") : body.copy(value, headerBytes);
    return { key, value: value.subarray(0, headerBytes + bytes) };
  }
}
