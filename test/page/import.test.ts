import { readFileSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, isLive, launch, slowUploads, visit } from "./support/browser.js";
import { Site, writeEvents } from "./support/site.js";

let browser: Browser;

describe.skipIf(!hasChromium)("imports on the page", () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test("a file that is chosen is imported, watched and told of", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 3000);
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await expect
      .poll(() => page.locator("#job-none").innerText())
      .toContain(`${site.address}api/import?preset=nostr`);
    await page.setInputFiles("#file", site.file("events.jsonl"));
    // The first line of the file says what it is.
    await expect.poll(() => page.inputValue("#preset")).toBe("nostr");
    await page.click("#start");
    await hasEnded(page, "complete");
    const report = await page.innerText("#job-report");
    expect(report).toMatch(/Loaded 3,000 records in/);
    await page.click(".why summary");
    await expect.poll(() => page.innerText(".why ul")).toContain("reading took");
    expect(report).toMatch(/Peak memory\s+[\d.]+ MiB of 256 MiB/);
    await expect.poll(() => page.innerText("#store-facts")).toContain("Event");
    const stored = Number((await page.innerText("#store-records")).replaceAll(",", ""));
    expect(stored).toBeGreaterThan(1000);
    await expect.poll(() => page.innerText("#history")).toContain("events.jsonl");
    await expect.poll(() => page.locator("#sending").isVisible()).toBe(false);
    expect(faults).toEqual([]);
  });

  test("progress, memory against the line and phases are shown while it runs", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 6000);
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await slowUploads(page, 1 << 20);
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await page.click("#start");
    await page.locator("#sending").waitFor();
    await expect.poll(() => page.innerText("#sending-bytes")).toMatch(/\d+% · .* of .* MiB · .*\/s/);
    await page.locator('#phase-read[aria-current="step"]').waitFor();
    await expect.poll(() => page.innerText("#job-percent")).toMatch(/^\d+%$/);
    await expect.poll(() => page.innerText("#job-eta")).toMatch(/ s$/);
    await expect.poll(() => page.title()).toBe("store · Plimsoll");
    await page.locator("#job-chart polygon.area-anon").waitFor({ state: "attached" });
    await expect.poll(() => page.locator("#job-chart .chart-line-label").textContent()).toBe("line 256 MiB");
    await expect.poll(() => page.getAttribute("#job-chart svg", "aria-label")).toContain("256 MiB");
    await expect
      .poll(async () => Number((await page.innerText("#job-records")).replaceAll(",", "")))
      .toBeGreaterThan(0);
    // The arrow keys read earlier values.
    await page.focus("#job-chart svg");
    await page.keyboard.press("ArrowLeft");
    await expect
      .poll(() => page.innerText(".chart-reading"))
      .toMatch(/^At .*: anonymous .*, mapped .*, dirty /);
    await hasEnded(page, "complete");
    expect(faults).toEqual([]);
  });

  test("a file that is dropped anywhere is imported, compressed as it is", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 500);
    const bytes = gzipSync(readFileSync(site.file("events.jsonl")));
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await drop(page, "dropped.jsonl.gz", bytes);
    await expect.poll(() => page.locator("#drop-veil").isVisible()).toBe(false);
    await expect.poll(() => page.inputValue("#preset")).toBe("nostr");
    await page.click("#start");
    await hasEnded(page, "complete");
    await expect.poll(() => page.innerText("#job-report")).toContain("Loaded 500 records");
    await expect.poll(() => page.innerText("#job-name")).toBe("dropped.jsonl.gz");
    expect(faults).toEqual([]);
  });

  test("an upload that is cancelled goes on when its file is chosen again", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 8000);
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await slowUploads(page, 1 << 20);
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await page.click("#start");
    await expect.poll(() => page.innerText("#job-state")).toBe("Running");
    await expect
      .poll(async () => Number((await page.innerText("#job-records")).replaceAll(",", "")))
      .toBeGreaterThan(0);
    await page.click("#cancel-upload");
    await expect
      .poll(() => page.innerText("#job-state"), { timeout: 60_000 })
      .toMatch(/Cancelled|Interrupted/);
    await expect.poll(() => page.locator("#sending").isVisible()).toBe(false);
    await slowUploads(page, -1);
    const chooser = page.waitForEvent("filechooser");
    await page.click("#history button:has-text('go on')");
    await (await chooser).setFiles(site.file("events.jsonl"));
    await expect.poll(() => page.innerText("#chosen")).toContain("goes on where it stopped");
    await page.click("#start");
    await hasEnded(page, "complete");
    const report = await page.innerText("#job-report");
    expect(report).toContain("Loaded 8,000 records");
    await expect.poll(() => page.locator("#history li").count()).toBe(1);
    expect(faults).toEqual([]);
  });

  test("an upload whose page went away goes on in another one, or begins anew", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 12_000);
    writeEvents(site.file("other.jsonl"), 100, 3);
    const first = await visit(browser, site.address);
    await isLive(first.page);
    await slowUploads(first.page, 512 << 10);
    await first.page.setInputFiles("#file", site.file("events.jsonl"));
    await first.page.click("#start");
    await expect.poll(() => first.page.innerText("#job-state")).toBe("Running");
    await first.page.close();
    const { page, faults } = await visit(browser, site.address);
    await hasEnded(page, "interrupted");
    await expect.poll(() => page.innerText("#job-report")).toContain("Choose the same file again to go on");

    await page.setInputFiles("#file", site.file("other.jsonl"));
    await page.click("#start");
    await expect.poll(() => page.innerText("#job-report")).toContain("IMPORT_PENDING");
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await expect.poll(() => page.innerText("#chosen")).toContain("goes on where it stopped");
    await page.click(".options summary");
    await page.check("#fresh");
    await expect.poll(() => page.innerText("#chosen")).not.toContain("goes on where it stopped");
    await page.click("#start");
    await hasEnded(page, "complete");
    await expect.poll(() => page.innerText("#job-report")).toContain("Loaded 12,000 records");
    await expect.poll(() => page.isChecked("#fresh")).toBe(false);
    expect(faults).toEqual([]);
  });

  test("an import that fails says why, with its code and its mend", async () => {
    await using site = await Site.open();
    const whole = gzipSync(Buffer.from('{"id":1,"name":"a"}\n'.repeat(20_000)));
    writeFileSync(site.file("cut.jsonl.gz"), whole.subarray(0, whole.length - 20));
    const { page } = await visit(browser, site.address);
    await isLive(page);
    await page.setInputFiles("#file", site.file("cut.jsonl.gz"));
    await page.click("#start");
    await page.locator(".problem").first().waitFor();
    await expect.poll(() => page.locator(".problem-code").first().innerText()).toMatch(/^[A-Z_]+$/);
    expect((await page.locator(".problem p").first().innerText()).length).toBeGreaterThan(20);
  });

  test("bad records are counted and the file of rejects is named", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 200);
    writeFileSync(site.file("events.jsonl"), "not json\n{}\n", { flag: "a" });
    const { page } = await visit(browser, site.address);
    await isLive(page);
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await expect.poll(() => page.inputValue("#preset")).toBe("nostr");
    await page.click("#start");
    await hasEnded(page, "complete");
    const report = await page.innerText("#job-report");
    expect(report).toMatch(/rejected\s+2/);
    expect(report).toContain("rejects.jsonl");
  });
});

async function hasEnded(page: Page, state: string): Promise<void> {
  await page.locator(`#job-state [data-state=${state}]`).waitFor({ timeout: 90_000 });
}

/** As a file manager does it: over the page, then let go. */
async function drop(page: Page, name: string, bytes: Buffer): Promise<void> {
  const transfer = await page.evaluateHandle(
    `(() => {
      const bytes = Uint8Array.from(atob(${JSON.stringify(bytes.toString("base64"))}), (one) => one.charCodeAt(0));
      const transfer = new DataTransfer();
      transfer.items.add(new File([bytes], ${JSON.stringify(name)}));
      return transfer;
    })()`,
  );
  const options = { dataTransfer: transfer };
  await page.dispatchEvent("body", "dragenter", options);
  await expect.poll(() => page.locator("#drop-veil").isVisible()).toBe(true);
  await page.dispatchEvent("body", "dragover", options);
  await page.dispatchEvent("body", "drop", options);
}
