import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asApplication } from "../support/application-lmdb.js";
import { makeFolder } from "../support/cli.js";
import { hasChromium, hasNoSidewaysScroll, isLive, launch, visit } from "./support/browser.js";
import { runPlimsoll, Site } from "./support/site.js";

let browser: Browser;
const folder = makeFolder();

/** A database beside the server, and what another instance has sent. */
async function syncConfig(): Promise<string> {
  for (const name of ["app", "other"]) {
    await asApplication(folder.file(name), 2, (table) => {
      table("records").putSync(Buffer.from(name), Buffer.from("1"));
    });
  }
  const url = `file:${folder.file("shared")}`;
  const named = ["--instance", "amsterdam-name-server-17", "--database", "main"];
  runPlimsoll("snapshot", "push", folder.file("other"), url, ...named);
  return folder.write(
    "sync.yaml",
    `instance: ns1
lmdb_poll_interval: 200ms
storage_poll_interval: 200ms
lmdbs: {main: {path: ${folder.file("app")}}}
storage: {type: fs, options: {root_path: ${folder.file("shared")}}, cleanup: {enabled: true}}
health: {storage_list: {warn_duration: 100ms, error_duration: 1h}}
`,
  );
}

describe.skipIf(!hasChromium)("snapshots on the page", () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(async () => {
    await browser?.close();
    folder.remove();
  });

  test("a sync shows its instances, and what fails and is well again", async () => {
    await using site = await Site.open("--sync", await syncConfig());
    const { page, faults } = await visit(browser, site.address, { viewport: { width: 360, height: 740 } });
    await isLive(page);
    await expect.poll(() => page.innerText("#snapshots-status")).toBe("Healthy");
    const rows = page.locator("#snapshots .instances tbody tr");
    await expect.poll(() => rows.count()).toBe(2);
    await expect
      .poll(() => rows.first().innerText())
      .toMatch(/amsterdam-name-server-17\s+(now|\d+ \w+ ago).*bytes\s+merged/s);
    expect(await rows.nth(1).innerText()).toMatch(/^ns1 this one/);
    await hasNoSidewaysScroll(page);

    renameSync(folder.file("shared"), folder.file("away"));
    await expect.poll(() => page.innerText("#snapshots-status")).toBe("Degraded");
    await expect.poll(() => page.innerText("#snapshots-body")).toContain("STORAGE_ABSENT");
    await expect.poll(() => page.textContent("#announcer")).toBe("Snapshots: Degraded");
    await hasNoSidewaysScroll(page);
    renameSync(folder.file("away"), folder.file("shared"));
    await expect.poll(() => page.innerText("#snapshots-status")).toBe("Healthy");
    expect(faults).toEqual([]);
  });

  test("a replica shows whose it is, follows it, and offers no import", async () => {
    const url = `file:${folder.file("pushed")}`;
    const origin = folder.file("origin");
    const importOne = (id: number) => {
      mkdirSync(folder.file("sources"), { recursive: true });
      const source = join(folder.file("sources"), `${id}.jsonl`);
      writeFileSync(source, `{"id":${id}}\n`);
      runPlimsoll("import", source, "--into", origin, "--entity", "Item", "--key", "id");
      runPlimsoll("snapshot", "push", origin, url, "--instance", "writer");
    };
    importOne(1);
    await using site = await Site.open("--replica-of", url, "--every", "500ms");
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await expect.poll(() => page.innerText("#snapshots-body")).toMatch(/what writer pushes to file:pushed/);
    await expect.poll(() => page.innerText("#store-records")).toBe("1");
    for (const id of ["#imports", "#imports-history"]) expect(await page.locator(id).isVisible()).toBe(false);
    importOne(2);
    await expect.poll(() => page.innerText("#store-records")).toBe("2");
    expect(faults).toEqual([]);
  });

  test("a server that has none says nothing of them", async () => {
    await using site = await Site.open();
    const { page } = await visit(browser, site.address);
    await isLive(page);
    await expect.poll(() => page.innerText("#version")).toContain("Plimsoll");
    expect(await page.locator("#snapshots").isVisible()).toBe(false);
    expect(await page.locator("#imports").isVisible()).toBe(true);
  });
});
