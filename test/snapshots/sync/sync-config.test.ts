import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { defaultSyncConfig, readSyncConfig, storageUrl } from "../../../src/preparation/sync-config.js";
import { type Folder, makeFolder, plimsoll } from "../../support/cli.js";

/** As people have them: every setting that there is, with comments and a variable. */
const whole = `# Values like \${INSTANCE} are taken from the environment.
instance: dns-\${INSTANCE}
lmdb_poll_interval: 2s
lmdb_log_stats_interval: 5m
lmdb_scrape_smaps: true
storage_poll_interval: 1500ms
storage_retry_interval: 7s
storage_retry_count: 12
storage_retry_forever: false
storage_force_snapshot_interval: 1h30m
memory_downloaded_snapshots: 3
memory_decompressed_snapshots: 2
only_once: false
lmdbs:
  main:
    path: /srv/pdns.lmdb
    options:
      no_subdir: true
      create: true
      dir_mask: 0775
      file_mask: 0664
      map_size: 1000MB
      max_dbs: 64
    schema_tracks_changes: true
    header_extra_padding_block: false
    dbi_options: {}
      #pdns:
      #  override_create_flags: 0
  old:
    path: /srv/old
    dupsort_hack: true
    dbi_options:
      domains:
        override_create_flags: MDB_INTEGERKEY
      domains_0:
        override_create_flags: MDB_DUPSORT|MDB_DUPFIXED
sweeper:
  enabled: true
  retention_days: 3.5
  interval: 6h
  first_interval: 10m
  lock_duration: 50ms
  release_duration: 60ms
  retention_load_cutoff_duration: 1h
storage:
  type: s3
  options:
    access_key: minioadmin
    secret_key: minioadmin
    region: us-east-1
    bucket: lightningstream
    endpoint_url: http://localhost:9000
    global_prefix: dns/
    use_update_marker: true
  cleanup:
    enabled: true
    interval: 5m
    must_keep_interval: 10m
    remove_old_instances_interval: 168h   # 1 week
http:
  address: ":8500"
log:
  level: info
  format: human
health:
  storage_list:
    warn_duration: 1m0s
`;

let folder: Folder;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => folder.remove());

function read(text: string, environment: Record<string, string> = {}) {
  return readSyncConfig(folder.write("sync.yaml", text), environment);
}

describe("a configuration of a sync", () => {
  test("is read with the names and units that people have", () => {
    const { config, notes } = read(whole, { INSTANCE: "7" });
    expect(config).toMatchObject({
      instance: "dns-7",
      lmdb_poll_interval: 2000,
      storage_poll_interval: 1500,
      storage_force_snapshot_interval: 5_400_000,
      memory_downloaded_snapshots: 3,
      sweeper: { enabled: true, retention_days: 3.5, lock_duration: 50, release_duration: 60 },
      storage: { cleanup: { enabled: true, remove_old_instances_interval: 604_800_000 } },
    });
    expect(config.lmdbs.get("main")).toMatchObject({
      path: "/srv/pdns.lmdb",
      schema_tracks_changes: true,
      options: { map_size: 1000 * 1024 * 1024, no_subdir: true },
    });
    expect(config.lmdbs.get("old")!.dbi_options.get("domains_0")).toEqual({
      override_create_flags: "MDB_DUPSORT|MDB_DUPFIXED",
    });
    expect(storageUrl(config.storage)).toBe("s3://lightningstream/dns");
    // What has no meaning here is told, not passed over in silence.
    for (const name of ["log", "health", "lmdbs.main.options.dir_mask", "lmdb_scrape_smaps"]) {
      expect(notes.some((note) => note.startsWith(`${name} has no effect here: `))).toBe(true);
    }
  });

  test("has the usual values where nothing is said", () => {
    const text = "lmdbs: {main: {path: a}}\nstorage: {type: fs, options: {root_path: snaps}}\n";
    const { config, notes } = read(text);
    expect(notes).toEqual([]);
    expect(config).toMatchObject({
      instance: null,
      lmdb_poll_interval: 1000,
      storage_poll_interval: 1000,
      storage_retry_interval: 5000,
      storage_retry_count: 100,
      storage_force_snapshot_interval: 14_400_000,
      sweeper: { enabled: false, retention_days: 370, interval: 21_600_000 },
      storage: { cleanup: { enabled: false, interval: 300_000, must_keep_interval: 600_000 } },
    });
    expect(storageUrl(config.storage)).toBe("file:snaps");
    expect({ ...config, lmdbs: null, storage: null }).toEqual({
      ...defaultSyncConfig(),
      lmdbs: null,
      storage: null,
    });
  });

  const base = "storage: {type: fs, options: {root_path: x}}\n";
  test.each([
    [
      "lmdbs: {m: {path: a}}\nstorage_pol_interval: 1s\n",
      /line 2: storage_pol_interval is no setting .*"storage_poll_interval"/,
    ],
    ["lmdbs: {m: {pathh: a}}\n", /lmdbs\.m\.pathh is no setting .*"path"/],
    ["lmdbs: {m: {path: a}}\nlmdb_poll_interval: 10ms\n", /must be a time such as .*100 ms or more/],
    ["lmdbs: {m: {path: a}}\nlmdb_poll_interval: soon\n", /must be a time/],
    [
      "lmdbs: {m: {path: a}}\ninstance: $NOBODY_SET_THIS\n",
      /takes the variable NOBODY_SET_THIS, which is not set/,
    ],
    ["lmdbs: {m: {path: a, schema_tracks_changes: true, dupsort_hack: true}}\n", /exclude each other/],
    ["lmdbs: {m: {options: {create: true}}}\n", /lmdbs\.m has no path/],
    ["lmdbs: {}\n", /names no databases/],
    ["lmdbs: {m: {path: a}\n", /it is no YAML/],
  ])("refuses with its place and the mend: %j", (text, expected) => {
    expect(() => read(text + base)).toThrow(expected);
  });

  test("belongs to no other command", async () => {
    const file = folder.write("other.yaml", `lmdbs: {m: {path: a}}\n${base}`);
    const { code, error } = await plimsoll(["stats", "nowhere", "--config", file]);
    expect([code, error]).toEqual([2, expect.stringContaining("it configures `plimsoll snapshot sync`")]);
  }, 60_000);
});
