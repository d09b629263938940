import { writeFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, hasNoSidewaysScroll, isLive, launch, visit } from "./support/browser.js";
import { eventLine } from "./support/events.js";
import { runPlimsoll, Site, writeEvents } from "./support/site.js";

let browser: Browser;

const hostile = [
  "<img src=x onerror=\"document.title='broken in'\">",
  "<script>alert(1)</script>",
  '"><svg onload=alert(2)>',
  "javascript:alert(3)",
  "\u202egnirts desrever",
  "سلام به همه، این یک آزمایش است",
  "W".repeat(4000),
  "{{constructor.constructor('alert(4)')()}}",
];

describe.skipIf(!hasChromium)("searches on the page", () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test("words and a filter find events, twenty at a time, with their count", async () => {
    await using site = await Site.open();
    const lines = Array.from({ length: 50 }, (_, at) =>
      eventLine(
        { content: `tide number ${at}`, tags: [["t", at % 2 === 0 ? "even" : "odd"]] },
        1_700_000_000 + at,
      ),
    );
    await load(site, lines);
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await page.fill("#words", "tide");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.innerText("#search-status")).toBe("20 of 50 shown");
    const first = page.locator("#results > li").first();
    await expect.poll(() => first.innerText()).toContain("tide number 49");
    await expect.poll(() => first.innerText()).toContain("note (1)");
    await expect.poll(() => first.innerText()).toContain("abababab…abab");
    await page.click("#more");
    await expect.poll(() => page.innerText("#search-status")).toBe("40 of 50 shown");
    await page.click("#more");
    await expect.poll(() => page.innerText("#search-status")).toBe("50 of 50 shown");
    await expect.poll(() => page.locator("#more").isVisible()).toBe(false);
    const texts = await page.locator("#results .content").allInnerTexts();
    expect(texts).toEqual(Array.from({ length: 50 }, (_, at) => `tide number ${49 - at}`));

    await page.locator("#results .chip", { hasText: "t odd" }).first().click();
    await expect.poll(() => page.innerText("#search-status")).toBe("20 of 25 shown");
    await expect.poll(() => page.inputValue("#filter")).toBe('{"#t":["odd"]}');

    await first.locator("summary").click();
    // What is folded up is filled in when it has opened, which the browser tells a moment later.
    await expect.poll(() => first.locator("pre").innerText()).not.toBe("");
    expect(JSON.parse(await first.locator("pre").innerText())).toEqual(JSON.parse(lines[49]!));
    expect(faults).toEqual([]);
  });

  test("a question that finds nothing, is no JSON or is refused says what to do", async () => {
    await using site = await Site.open();
    await load(site, [eventLine({ content: "one" }, 1_700_000_000)]);
    const { page } = await visit(browser, site.address);
    await isLive(page);
    await ask(page, "nowhere", "");
    await expect.poll(() => page.innerText("#search-status")).toContain("Nothing matches");
    await ask(page, "", "{kinds:[1]}");
    await expect.poll(() => page.innerText("#results")).toContain("The filter is no JSON");
    await ask(page, "", '{"kids":[1]}');
    await expect.poll(() => page.innerText("#results .problem-code")).toMatch(/^[A-Z_]+$/);
    await expect.poll(() => page.innerText("#results .problem p")).toContain("kids");
    await ask(page, "one", "");
    await expect.poll(() => page.innerText("#search-status")).toBe("1 of 1 shown");
  });

  test("what events say stays text, and never leaves its place", async () => {
    await using site = await Site.open();
    const drafts = hostile.map((content) => ({ content, tags: [["t", content], [content, content], ["e"]] }));
    await load(
      site,
      drafts.map((draft, at) => eventLine(draft, 1_700_000_000 + at)),
    );
    for (const width of [1280, 360]) {
      const { page, faults } = await visit(browser, site.address, { viewport: { width, height: 800 } });
      await isLive(page);
      await page.click("#search-form button[type=submit]");
      await expect.poll(() => page.innerText("#search-status")).toBe("8 of 8 shown");
      const shown = await page.locator("#results .content").allTextContents();
      expect(shown.reverse().map((text) => text.slice(0, 1000))).toEqual(
        hostile.map((text) => text.slice(0, 1000)),
      );
      for (const raw of await page.locator("#results summary").all()) await raw.click();
      await expect.poll(() => page.locator("#results :is(img, script, svg, a, iframe)").count()).toBe(0);
      await hasNoSidewaysScroll(page);
      const persian = page.locator("#results .content", { hasText: "سلام" });
      await expect.poll(() => persian.getAttribute("dir")).toBe("auto");
      await expect.poll(() => page.title()).not.toContain("broken");
      expect(faults).toEqual([]);
    }
  });

  test("a hostile file name stays text too", async () => {
    await using site = await Site.open();
    const name = "<img src=x onerror=alert(1)>.jsonl";
    const buffer = Buffer.from(`${eventLine({ content: "one" }, 1_700_000_000)}\n`);
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await page.setInputFiles("#file", { name, mimeType: "application/json", buffer });
    await expect.poll(() => page.inputValue("#preset")).toBe("nostr");
    await page.click("#start");
    await page.locator("#job-state [data-state=complete]").waitFor();
    await expect.poll(() => page.innerText("#job-name")).toContain("<img");
    await expect.poll(() => page.locator("main img").count()).toBe(0);
    expect(faults).toEqual([]);
  });

  test("other records are shown by their fields, of the entity that is chosen", async () => {
    await using site = await Site.open();
    writeFileSync(site.file("city.csv"), "id,name,population\n1,Rome,2800000\n2,Oslo,700000\n");
    await site.stop();
    runPlimsoll(
      "import",
      site.file("city.csv"),
      "--into",
      site.file("store"),
      "--text",
      "name",
      "--range",
      "population",
      "--progress",
      "none",
    );
    await site.start();
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    await ask(page, "oslo", "");
    await expect.poll(() => page.innerText("#search-status")).toBe("1 of 1 shown");
    await expect.poll(() => page.innerText("#results .pairs")).toMatch(/name\s+Oslo\s+population\s+700000/);
    await ask(page, "", '{"order":"-population"}');
    await expect.poll(() => page.innerText("#search-status")).toBe("2 of 2 shown");
    await expect.poll(() => page.locator("#results .pairs").first().innerText()).toContain("Rome");
    expect(faults).toEqual([]);
  });

  test("the statistics follow the store", async () => {
    await using site = await Site.open();
    await load(site, [eventLine({ content: "one" }, 1_700_000_000)]);
    const { page } = await visit(browser, site.address);
    await isLive(page);
    await expect.poll(() => page.innerText("#store-records")).toBe("1");
    writeEvents(site.file("more.jsonl"), 400, 7);
    await page.setInputFiles("#file", site.file("more.jsonl"));
    await page.click("#start");
    await expect
      .poll(async () => Number(await page.innerText("#store-records")), { timeout: 60_000 })
      .toBeGreaterThan(100);
    await page.click(".entity summary");
    await expect.poll(() => page.innerText(".entity table")).toContain("pubkey");
  });
});

async function ask(page: Page, words: string, filter: string): Promise<void> {
  await page.fill("#words", words);
  await page.evaluate("document.getElementById('filter-box').open = true");
  await page.fill("#filter", filter);
  await page.click("#search-form button[type=submit]");
}

/** Puts events into the store while the server is away. */
async function load(site: Site, lines: string[]): Promise<void> {
  writeFileSync(site.file("events.jsonl"), lines.map((line) => `${line}\n`).join(""));
  await site.stop();
  const args = ["--into", site.file("store"), "--preset", "nostr", "--progress", "none"];
  runPlimsoll("import", site.file("events.jsonl"), ...args);
  await site.start();
}
