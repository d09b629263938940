import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parsePostgresAddress } from "../../src/targets/postgres/address.js";
import { Connection } from "../../src/targets/postgres/connection.js";
import { importInto, makeFolder, readRejects, startPlimsoll } from "../support/cli.js";
import { ask, type PostgresServer, postgresMissing, startPostgres } from "../support/postgres.js";
import { SmallDisk } from "../support/small-disk.js";

const timeoutMs = 120_000;

describe.skipIf(postgresMissing !== null)(`what goes wrong (${postgresMissing ?? "PostgreSQL"})`, () => {
  const folder = makeFolder();
  const diskMissing = new SmallDisk(folder.file("disk")).missing();
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    folder.remove();
  });

  function csv(name: string, rows: number, first = 1): void {
    const lines = Array.from({ length: rows }, (_, at) => `${at + first},name ${at + first}`);
    folder.write(name, `id,name\n${lines.join("\n")}\n`);
  }

  test("addresses that lead nowhere say how to mend them, and no password", {
    timeout: timeoutMs,
  }, async () => {
    csv("few.csv", 3);
    const url = new URL(await server.database());
    const { password } = url;
    const changed = (change: (url: URL) => void) => {
      const other = new URL(url);
      change(other);
      return other.href;
    };
    const cases: [string, string][] = [
      [changed((other) => (other.password = "secret-word")), "password authentication failed"],
      [changed((other) => (other.pathname = "/nowhere")), "createdb nowhere"],
      [changed((other) => (other.port = "1")), "Cannot connect to postgres://plimsoll@127.0.0.1:1/"],
      ["postgres://user:secret-word@:x/", "--into names no address that can be read"],
    ];
    for (const [into, told] of cases) {
      const { code, error } = await importInto(folder, ["few.csv", "--into", into]);
      expect([code === 0, error]).toEqual([false, expect.stringContaining(told)]);
      expect(error).not.toContain("secret-word");
      expect(error).not.toContain(password);
    }
    // One bad record, so that the command that reads it again is told.
    folder.write("bad.csv", "id,name\n1,one\n2\n");
    const words = ["bad.csv", "--into", url.href, "--entity", "Row", "--key", "id"];
    const { code, error } = await importInto(folder, [...words, "--rejects", folder.file("bad.rejects")]);
    expect([code, error]).toEqual([0, expect.stringContaining("mended one?")]);
    const kept = await ask<{ value: string }>(url.href, "SELECT value FROM plimsoll_state");
    expect([error, folder.read("bad.rejects"), JSON.stringify(kept)].join()).not.toContain(password);
  });

  test("a table with more columns than PostgreSQL takes is told of", { timeout: timeoutMs }, async () => {
    const names = Array.from({ length: 1601 }, (_, at) => `c${at}`);
    folder.write("wide.csv", `${names.join()}\n${names.join()}\n`);
    const { code, error } = await importInto(folder, ["wide.csv", "--into", await server.database()]);
    expect([code, error]).toEqual([1, expect.stringMatching(/TABLE_TOO_WIDE.* 1601 columns.* 1600 at most/)]);
  });

  test("values that PostgreSQL cannot hold cost one record each", { timeout: timeoutMs }, async () => {
    const url = await server.database();
    const lines = Array.from({ length: 300 }, (_, id) => {
      if (id === 7) return { id, name: "nul \u0000", tags: ["a"] };
      if (id === 8) return { id, name: "ok", tags: ["a", "\u0000"] };
      if (id === 250) return { id, name: "ok", more: { deep: "\u0000" } };
      return { id, name: `name ${id}`, tags: ["a", "b"] };
    });
    folder.write("odd.jsonl", lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const mapping =
      "version: 1\nentities:\n  Thing: { key: id, fields: { id: int, name: string, tags: { type: string, list: true } } }\n";
    folder.write("odd.yaml", mapping);
    const words = [
      "odd.jsonl",
      "--into",
      url,
      "--mapping",
      "odd.yaml",
      "--rejects",
      folder.file("odd.rejects"),
    ];
    const { code, error, report } = await importInto(folder, words);
    expect(code, error).toBe(0);
    expect(report!.records).toMatchObject({ read: 300, stored: 297, rejected: 3 });
    const rejects = readRejects(folder.file("odd.rejects"));
    expect(rejects.map(({ code, record }) => [code, record])).toEqual([
      ["ROW_REFUSED", 8],
      ["ROW_REFUSED", 9],
      ["ROW_REFUSED", 251],
    ]);
    const counts =
      "SELECT (SELECT count(*) FROM thing)::int AS things, (SELECT count(*) FROM thing_tags)::int AS tags";
    expect(await ask(url, counts)).toEqual([{ things: 297, tags: 2 * 297 }]);
  });

  test("a table that is there is filled by its own rules", { timeout: timeoutMs }, async () => {
    const url = await server.database();
    await ask(
      url,
      `CREATE TABLE shop (name text PRIMARY KEY); INSERT INTO shop VALUES ('north'), ('south');
       CREATE TABLE "Product" ("Id" integer PRIMARY KEY, price numeric(8, 2) CHECK (price > 0), name varchar(6) NOT NULL,
         shop text REFERENCES shop, made date, ready boolean DEFAULT true, seen timestamptz NOT NULL DEFAULT now());
       CREATE FUNCTION loud() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN IF NEW.name = 'shout' THEN RAISE EXCEPTION 'not so loud'; END IF; RETURN NEW; END $$;
       CREATE TRIGGER loud BEFORE INSERT ON "Product" FOR EACH ROW EXECUTE FUNCTION loud();
       INSERT INTO "Product" VALUES (2, 9, 'old', 'south')`,
    );
    const rows = [
      "1,1.10,plain,north,2020-02-03",
      "2,2.20,new,south,2020-02-03",
      "3,-1,minus,north,2020-02-03",
      "4,4.4,shout,north,2020-02-03",
      "5,5.5,far too long,north,2020-02-03",
      "6,6.6,lost,west,2020-02-03",
      "99999999999,7.7,large,north,2020-02-03",
      "8,8.80,last,,",
    ];
    folder.write("shop.csv", `id,price,name,shop,made\n${rows.join("\n")}\n`);
    const words = ["--entity", "Product", "--key", "id", "--on-conflict", "replace"];
    const rejectsPath = folder.file("shop.rejects");
    const into = ["shop.csv", "--into", `${url}#Product`, "--rejects", rejectsPath, ...words];
    const { code, error, report } = await importInto(folder, into);
    expect(code, error).toBe(0);
    expect(report!.records).toMatchObject({ read: 8, stored: 2, replaced: 1, rejected: 5 });
    expect(readRejects(rejectsPath).map(({ record, reason }) => [record, reason])).toEqual([
      [3, expect.stringContaining("check constraint")],
      [4, "not so loud"],
      [5, expect.stringContaining("too long")],
      [6, expect.stringContaining('is not present in table "shop"')],
      [7, expect.stringContaining("integer out of range")],
    ]);
    const sql = `SELECT "Id" AS id, price::text, name, shop, made::text, ready FROM "Product" ORDER BY 1`;
    expect(await ask(url, sql)).toEqual([
      { id: 1, price: "1.10", name: "plain", shop: "north", made: "2020-02-03", ready: true },
      { id: 2, price: "2.20", name: "new", shop: "south", made: "2020-02-03", ready: true },
      { id: 8, price: "8.80", name: "last", shop: null, made: null, ready: true },
    ]);
    for (const [table, key, told] of [
      ["Product", "price", "no primary key or unique index"],
      ["shop", "id", 'no column "id"'],
      ["nothing", "id", "no such table"],
    ]) {
      const refused = await importInto(folder, [
        "shop.csv",
        "--into",
        `${url}#${table}`,
        "--entity",
        "Row",
        "--key",
        key!,
      ]);
      expect([refused.code, refused.error]).toEqual([1, expect.stringContaining(told!)]);
    }
  });

  test("arrays, enumerations, domains and names in quotes are taken as the table has them", {
    timeout: timeoutMs,
  }, async () => {
    const url = await server.database();
    await ask(
      url,
      `CREATE TYPE mood AS ENUM ('glad', 'sad'); CREATE DOMAIN few AS integer CHECK (VALUE < 10);
       CREATE SCHEMA "My.Shop"; CREATE TABLE "My.Shop"."Some Items" (
         pk bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Sku" text NOT NULL UNIQUE, mood mood, few few,
         tags text[], sizes integer[], at timestamptz, note text, id uuid,
         twice integer GENERATED ALWAYS AS (few * 2) STORED)`,
    );
    const id = "6f0c3f0e-6d3c-4d3e-9d0a-3a3f4c5b6a7d";
    const records = [
      { sku: "a", mood: "glad", few: 3, tags: ["x", 'y,"z'], sizes: [1, 2], at: "2024-01-02", note: "n", id },
      { sku: "b", tags: [], sizes: 7, at: 5, note: ["p", 1] },
      { sku: "c", mood: "so", at: null },
      { sku: "d", few: 11 },
      { sku: "e", sizes: ["large"] },
      { sku: "f", id: "none" },
    ];
    folder.write("items.jsonl", records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    const rejectsPath = folder.file("items.rejects");
    const table = encodeURIComponent('"My.Shop"."Some Items"');
    const words = ["items.jsonl", "--key", "sku", "--rejects", rejectsPath, "--into"];
    const { code, error, report } = await importInto(folder, [...words, `${url}#${table}`]);
    expect(code, error).toBe(0);
    expect(report!.records).toMatchObject({ stored: 1, rejected: 5 });
    expect(readRejects(rejectsPath).map(({ record, reason }) => [record, reason])).toEqual([
      [2, expect.stringContaining('timestamp with time zone: "5"')],
      [3, expect.stringContaining("enum mood")],
      [4, expect.stringContaining("domain few")],
      [5, expect.stringContaining('integer: "large"')],
      [6, expect.stringContaining("uuid")],
    ]);
    expect(await ask(url, `SELECT "Sku", tags, sizes, note, twice, id FROM "My.Shop"."Some Items"`)).toEqual([
      { Sku: "a", tags: ["x", 'y,"z'], sizes: [1, 2], note: "n", twice: 6, id },
    ]);
    await ask(url, "CREATE TABLE plain (sku text PRIMARY KEY, tags point)");
    folder.write("plain.jsonl", '{"sku":"a","tags":true}\n');
    const into = ["plain.jsonl", "--key", "sku", "--into", `${url}#plain`];
    const refused = await importInto(folder, into);
    expect([refused.code, refused.error]).toEqual([
      1,
      expect.stringContaining("which boolean cannot become"),
    ]);
  });

  test("a row that row security turns down costs itself", { timeout: timeoutMs }, async () => {
    const url = await server.database();
    await ask(
      url,
      `CREATE ROLE careful LOGIN PASSWORD 'secret'; GRANT CREATE ON SCHEMA public TO careful;
       CREATE TABLE guarded (id integer PRIMARY KEY, name text); GRANT ALL ON guarded TO careful;
       ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
       CREATE POLICY low ON guarded USING (id < 3) WITH CHECK (id < 3)`,
    );
    csv("guarded.csv", 4);
    const rejectsPath = folder.file("guarded.rejects");
    const own = new URL(url);
    [own.username, own.password] = ["careful", "secret"];
    const words = ["guarded.csv", "--key", "id", "--rejects", rejectsPath, "--into", `${own.href}#guarded`];
    const { code, error, report } = await importInto(folder, words);
    expect(code, error).toBe(0);
    expect(report!.records).toMatchObject({ stored: 2, rejected: 2 });
    expect(readRejects(rejectsPath)[0]!.reason).toContain("row-level security");
  });

  test("columns may have the names that the statements use themselves", { timeout: timeoutMs }, async () => {
    const url = await server.database();
    const names = ["c", "d", "f", "l", "r", "s", "t", "u", "v", "w", "message", "detail", "refused"];
    const columns = names.map((name) => `${name} integer`).join(", ");
    await ask(url, `CREATE TABLE one (id integer PRIMARY KEY, ${columns}, CHECK (v <> 3))`);
    const rows = [1, 2, 3, 2, 4].map((id) => [id, ...names.map(() => id)].join(","));
    folder.write("one.csv", `id,${names.join(",")}\n${rows.join("\n")}\n`);
    for (const [rule, rejected] of [
      ["replace", [["ROW_REFUSED", 3]]],
      [
        "reject",
        [
          "CONFLICT_REJECTED",
          "CONFLICT_REJECTED",
          "ROW_REFUSED",
          "CONFLICT_REJECTED",
          "CONFLICT_REJECTED",
        ].map((code, at) => [code, at + 1]),
      ],
    ] as const) {
      const rejectsPath = folder.file(`one-${rule}.rejects`);
      const into = ["one.csv", "--into", `${url}#one`, "--key", "id", "--on-conflict", rule];
      const { code, error } = await importInto(folder, [...into, "--fresh", "--rejects", rejectsPath]);
      expect(code, error).toBe(0);
      const told = readRejects(rejectsPath).map(({ code, record }) => [code, record]);
      expect(told.sort(([, left], [, right]) => Number(left) - Number(right))).toEqual(rejected);
    }
    expect(await ask(url, "SELECT id, v FROM one ORDER BY 1")).toEqual(
      [1, 2, 4].map((id) => ({ id, v: id })),
    );
  });

  test("a server without TLS is spoken to where the mode allows it, with a password out of a file", {
    timeout: timeoutMs,
  }, async () => {
    const url = new URL(await server.database());
    csv("few.csv", 3);
    const passwords = folder.write("passwords", `*:*:*:${url.username}:${url.password}\n`);
    chmodSync(passwords, 0o600);
    url.password = "";
    const load = (query: string, env: Record<string, string>) =>
      importInto(folder, ["few.csv", "--into", `${url.href}${query}`, "--entity", "Item", "--key", "id"], {
        environment: { PGPASSFILE: passwords, ...env },
      });
    const { code, error } = await load("?sslmode=prefer", {});
    expect([code, error]).toEqual([0, expect.not.stringContaining("Warning")]);
    expect(await load("", { PGSSLMODE: "allow" })).toMatchObject({ code: 0 });
    expect((await load("", { PGSSLMODE: "require" })).error).toContain("does not support SSL");
    const none = await load("?sslmode=disable", { PGPASSFILE: folder.file("nothing") });
    expect([none.code === 0, none.error]).toEqual([false, expect.stringContaining("DATABASE_ACCESS")]);
  });

  test("TLS is spoken as the address says, and certificates are held to it", {
    timeout: timeoutMs,
  }, async () => {
    const url = await server.database();
    const [{ data_directory: data }] = (await ask(url, "SHOW data_directory")) as [
      { data_directory: string },
    ];
    makeCertificate(data);
    await ask(url, "ALTER SYSTEM SET ssl = on");
    await ask(url, "SELECT pg_reload_conf()");
    await expect
      .poll(() => ask(`${url}?sslmode=no-verify`, "SHOW ssl").catch(() => []))
      .toEqual([{ ssl: "on" }]);
    await ask(
      url,
      `CREATE FUNCTION is_ciphered() RETURNS boolean LANGUAGE sql AS
         $$ SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid() $$;
       CREATE TABLE item (id integer PRIMARY KEY, name text, ciphered boolean DEFAULT is_ciphered())`,
    );
    csv("few.csv", 3);
    const load = (query: string) =>
      importInto(folder, ["few.csv", "--into", `${url}?${query}#item`, "--entity", "Item", "--key", "id"]);
    const certificate = encodeURIComponent(join(data, "server.crt"));
    for (const query of ["sslmode=require", `sslmode=verify-ca&sslrootcert=${certificate}`]) {
      const { code, error } = await load(query);
      expect(code, error).toBe(0);
      const rows = await ask(url, "DELETE FROM item RETURNING ciphered");
      expect(rows).toEqual(Array.from({ length: 3 }, () => ({ ciphered: true })));
      await ask(url, "DROP TABLE IF EXISTS plimsoll_state");
    }
    const strange = await load("sslmode=verify-full");
    expect([strange.code, strange.error]).toEqual([1, expect.stringMatching(/Cannot connect .*certificate/)]);
    await ask(url, "ALTER SYSTEM RESET ssl");
    await ask(url, "SELECT pg_reload_conf()");
  });

  test("a session that the server ends, and a server that crashes, cost nothing", {
    timeout: timeoutMs,
  }, async () => {
    const url = await server.database();
    const rows = 20_000;
    csv("many.csv", rows);
    csv("few.csv", 3);
    await importInto(folder, ["few.csv", "--into", url, "--entity", "Few", "--key", "id"]);
    // Checkpoints take their time, so that the end comes between two of them.
    await ask(
      url,
      `CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NEW; END $$;
       CREATE TRIGGER wait BEFORE INSERT OR UPDATE ON plimsoll_state FOR EACH ROW
         WHEN (NEW.name = 'checkpoint') EXECUTE FUNCTION wait()`,
    );
    const words = [
      "import",
      "many.csv",
      "--into",
      url,
      "--entity",
      "Row",
      "--key",
      "id",
      "--sync-every",
      "4000",
    ];
    const checkpoint = () =>
      ask(url, "SELECT value FROM plimsoll_state WHERE name = 'checkpoint'").catch(() => []);
    const ended = async (end: () => Promise<unknown>) => {
      const before = await checkpoint();
      const running = startPlimsoll([...words, "--progress", "none"], { cwd: folder.path });
      await expect.poll(checkpoint).not.toEqual(before);
      await end();
      return running.ended;
    };
    const writers =
      "FROM pg_stat_activity WHERE application_name = 'plimsoll' AND datname = current_database()";
    const first = await ended(() => ask(url, `SELECT pg_terminate_backend(pid) ${writers}`));
    expect([first.code, first.error]).toEqual([1, expect.stringContaining("go on from the last checkpoint")]);
    const second = await ended(() => server.crash());
    expect([second.code, second.error]).toEqual([
      1,
      expect.stringContaining("go on from the last checkpoint"),
    ]);
    await server.start();
    await ask(url, "DROP TRIGGER wait ON plimsoll_state");
    const last = await importInto(folder, words.slice(1));
    expect(last.code, last.error).toBe(0);
    expect(last.report!.records).toMatchObject({ read: rows, stored: rows });
    expect(last.report!.resumedFrom).not.toBeNull();
    expect(await ask(url, "SELECT count(*)::int AS rows FROM row")).toEqual([{ rows }]);
  });

  test("a COPY that fails, on whichever side, leaves its connection to the next", {
    timeout: timeoutMs,
  }, async () => {
    await using connection = await Connection.open(parsePostgresAddress(await server.database()));
    await connection.run("CREATE TABLE item (id integer PRIMARY KEY)");
    const copy = (groups: Iterable<Uint8Array[]>, table = "item") =>
      connection.copyIn(table, groups, { before: "BEGIN; SAVEPOINT copying; ", after: "; COMMIT" });
    const back = () => connection.run("ROLLBACK");
    // So much that the server has not read all when it says no.
    const many = Array.from({ length: 40 }, (_, at) => tuples(at * 10_000, 10_000));
    const broken = function* () {
      yield many[0]!;
      throw new Error("out of tuples");
    };
    await expect(copy(broken())).rejects.toThrow("out of tuples");
    await back();
    await expect(copy(many, "nothing")).rejects.toThrow('relation "nothing" does not exist');
    await back();
    await expect(copy([tuples(7, 1), ...many])).rejects.toThrow("duplicate key value");
    await back();
    expect(await copy(many)).toBe(400_000);
    const [row] = await connection.rows("SELECT count(*)::int AS rows, sum(id)::text AS sum FROM item");
    expect(row).toEqual({ rows: 400_000, sum: String((400_000 * 399_999) / 2) });
  });

  test.skipIf(diskMissing !== null).each([
    ["at the start", "default_tablespace", "8k", 0, [0, 0]],
    ["while rows are copied", "default_tablespace", "1m", 0, [1, 19_999]],
    ["while indexes are made", "default_tablespace", "2m", 0, [20_000, 20_000]],
    ["while rows are staged", "temp_tablespaces", "128k", 3, [3, 19_999]],
  ])(
    `a server whose disk is full %s takes the rest when it has room (${diskMissing ?? "small disk"})`,
    {
      timeout: timeoutMs,
    },
    async (_, setting, size, former, [least, most]) => {
      const rows = 20_000;
      csv("many.csv", rows);
      csv("former.csv", former);
      const url = await server.database();
      const words = [
        "--into",
        url,
        "--entity",
        "Row",
        "--key",
        "id",
        "--index",
        "name",
        "--sync-bytes",
        "64KiB",
      ];
      if (former > 0) await importInto(folder, ["former.csv", ...words]);
      const { disk, remove } = await tablespace(url, setting, size);
      try {
        const stopped = await importInto(folder, ["many.csv", ...words, "--on-conflict", "replace"]);
        const told =
          /DATABASE_FULL: .* has no room left \(.*No space left on device.*\)\. Make room there, then/;
        expect([stopped.code, stopped.error]).toEqual([1, expect.stringMatching(told)]);
        const kept = await ask<{ rows: number }>(url, "SELECT count(*)::int AS rows FROM row").catch(
          () => [],
        );
        expect(kept[0]?.rows ?? 0).toBeGreaterThanOrEqual(least!);
        expect(kept[0]?.rows ?? 0).toBeLessThanOrEqual(most!);
        disk.enlarge();
        const last = await importInto(folder, ["many.csv", ...words, "--on-conflict", "replace"]);
        expect(last.code, last.error).toBe(0);
        expect(last.report!.records).toMatchObject({ read: rows, stored: rows - former, replaced: former });
        const sql =
          "SELECT count(*)::int AS rows, min(id)::int, max(id)::int, bool_and(name = 'name ' || id) FROM row";
        expect(await ask(url, sql)).toEqual([{ rows, min: 1, max: rows, bool_and: true }]);
      } finally {
        await remove();
      }
    },
  );

  /** What the setting names is on a small disk from now on, in this database; `remove` takes both away. */
  async function tablespace(url: string, setting: string, size: string) {
    const [{ data_directory: data }] = (await ask(url, "SHOW data_directory")) as [
      { data_directory: string },
    ];
    const database = new URL(url).pathname.slice(1);
    const path = join(dirname(data), database);
    const disk = new SmallDisk(path);
    mkdirSync(path);
    disk.mount(size);
    const { uid, gid } = statSync(data);
    chownSync(path, uid, gid);
    await ask(url, `CREATE TABLESPACE small_${database} LOCATION '${path}'`);
    await ask(url, `ALTER DATABASE ${database} SET ${setting} = small_${database}`);
    const remove = async () => {
      await ask(url, "DROP TABLE IF EXISTS row, plimsoll_state");
      // A session that has ended may have its tables there for a moment longer.
      const drop = () => ask(url, `DROP TABLESPACE small_${database}`);
      await expect.poll(() => drop().then(() => "gone", String), { timeout: 20_000 }).toBe("gone");
      disk.unmount();
    };
    return { disk, remove };
  }
});

/** A group of two buffers: rows of one number each, as COPY takes them. */
function tuples(first: number, count: number): Uint8Array[] {
  const bytes = Buffer.alloc(count * 10);
  for (let row = 0; row < count; row++) {
    bytes.writeInt16BE(1, row * 10);
    bytes.writeInt32BE(4, row * 10 + 2);
    bytes.writeInt32BE(first + row, row * 10 + 6);
  }
  return [bytes.subarray(0, 5), bytes.subarray(5)];
}

/** One that signs itself, where a server looks for it, as the server's user owns it. */
function makeCertificate(folder: string): void {
  const [key, certificate] = [join(folder, "server.key"), join(folder, "server.crt")];
  const words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"];
  execFileSync("openssl", [...words, "-keyout", key, "-out", certificate], { stdio: "ignore" });
  chmodSync(key, 0o600);
  const { uid, gid } = statSync(folder);
  for (const file of [key, certificate]) chownSync(file, uid, gid);
}
