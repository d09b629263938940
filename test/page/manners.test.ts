import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasChromium, hasNoSidewaysScroll, isLive, launch, visit } from "./support/browser.js";
import { runPlimsoll, Site, writeEvents } from "./support/site.js";

let browser: Browser;

describe.skipIf(!hasChromium)("the page's manners", () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test("everything can be done by keyboard, and every control has a name", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 300);
    const { page, faults } = await visit(browser, site.address);
    await isLive(page);
    // Listened for from the start: the browser is told only then that choosers are not to be shown.
    const chooser = page.waitForEvent("filechooser");
    await tabTo(page, "#choose");
    await page.keyboard.press("Enter");
    await (await chooser).setFiles(site.file("events.jsonl"));
    await expect.poll(() => page.inputValue("#preset")).toBe("nostr");
    await tabTo(page, "#start");
    await page.keyboard.press("Enter");
    await page.locator("#job-state [data-state=complete]").waitFor();
    await expect.poll(() => page.textContent("#announcer")).toContain("complete");
    await page.locator("#search").waitFor();
    await tabTo(page, "#words");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.innerText("#search-status")).toMatch(/^20 of \d+ shown$/);
    await tabTo(page, "#results summary");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#results pre").first().isVisible()).toBe(true);
    await tabTo(page, "#more");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.innerText("#search-status")).toMatch(/^40 of \d+ shown$/);
    const reached = await page.evaluate("document.activeElement.closest('li').innerText");
    expect(reached).toBe(await page.locator("#results > li").nth(20).innerText());
    await expect.poll(() => namelessControls(page)).toEqual([]);
    expect(faults).toEqual([]);
  });

  test("a narrow screen has no sideways scroll, empty or full", async () => {
    await using site = await Site.open();
    writeEvents(site.file("events.jsonl"), 300);
    const { page } = await visit(browser, site.address, { viewport: { width: 360, height: 740 } });
    await isLive(page);
    await hasNoSidewaysScroll(page);
    await page.click(".options summary");
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await page.locator("#start").waitFor();
    await hasNoSidewaysScroll(page);
    await page.click("#start");
    await page.locator("#job-state [data-state=complete]").waitFor();
    await page.click("#search-form button[type=submit]");
    await expect.poll(() => page.innerText("#search-status")).toMatch(/^20 of/);
    await page.click(".entity summary");
    await hasNoSidewaysScroll(page);
  });

  test("light and dark follow the system, and the toggle wins and is remembered", async () => {
    await using site = await Site.open();
    for (const scheme of ["light", "dark"] as const) {
      const { page } = await visit(browser, site.address, { colorScheme: scheme });
      const isDark = scheme === "dark";
      await expect.poll(() => isDarkGround(page)).toBe(isDark);
      await expect.poll(() => contrasts(page)).toEqual([]);
      await page.click("#theme");
      await expect.poll(() => isDarkGround(page)).toBe(!isDark);
      await expect.poll(() => contrasts(page)).toEqual([]);
      await page.reload();
      await expect.poll(() => isDarkGround(page)).toBe(!isDark);
    }
  });

  test("motion is left out for those who want none", async () => {
    await using site = await Site.open();
    const { page } = await visit(browser, site.address, { reducedMotion: "reduce" });
    const name = await page.evaluate("getComputedStyle(document.getElementById('job-bar')).animationName");
    expect(name).toBe("none");
  });

  test("a server that goes and comes back is found again", async () => {
    await using site = await Site.open();
    const { page } = await visit(browser, site.address);
    await isLive(page);
    await site.stop();
    await page.locator("#connection[data-state=waiting]").waitFor();
    await expect
      .poll(() => page.innerText("#connection-text"))
      .toMatch(/No connection, trying again in \d+ s/);
    await expect.poll(() => page.locator("#reconnect").isVisible()).toBe(true);
    await site.start();
    await isLive(page);
    await expect.poll(() => page.locator("#reconnect").isVisible()).toBe(false);
    writeEvents(site.file("events.jsonl"), 50);
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await page.click("#start");
    await page.locator("#job-state [data-state=complete]").waitFor();
  });

  test("a server with tokens is asked with one, which stays in the tab", async () => {
    const keeper = await Site.open();
    await keeper.stop();
    const tokens = keeper.file("tokens.json");
    const added = runPlimsoll("token", "add", "--tokens", tokens, "--scope", "write", "--name", "page");
    const token = added.trim().split(/\s+/).at(-1)!;
    await using site = await Site.open("--tokens", tokens);
    await using _ = keeper;
    writeEvents(site.file("events.jsonl"), 50);
    const { page, faults } = await visit(browser, site.address);
    await page.locator("#token-dialog[open]").waitFor();
    await page.click("#token-later");
    await expect.poll(() => page.innerText("#store-problem .problem-code")).toMatch(/TOKEN|AUTH/);
    await page.click("#use-token");
    await page.fill("#token", "a wrong one");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.innerText("#token-refused")).toContain("does not know that token");
    await page.fill("#token", token);
    await page.keyboard.press("Enter");
    await isLive(page);
    await expect.poll(() => page.locator("#token-dialog").isVisible()).toBe(false);
    await expect.poll(() => page.evaluate("Object.values({ ...localStorage }).length")).toBe(0);
    await expect.poll(() => page.evaluate("Object.values({ ...sessionStorage })")).toEqual([token]);
    await page.setInputFiles("#file", site.file("events.jsonl"));
    await page.click("#start");
    await page.locator("#job-state [data-state=complete]").waitFor();
    await expect.poll(() => page.content()).not.toContain(token);
    await page.click("#forget-token");
    await page.locator("#token-dialog[open]").waitFor();
    expect(faults).toEqual([]);
  });
});

/** Presses Tab until the focus is there, as somebody without a mouse would. */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 600; presses++) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(`document.activeElement?.matches(${JSON.stringify(selector)}) ?? false`)) {
      const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
      expect(outline, `${selector} shows its focus`).not.toBe("none");
      return;
    }
  }
  throw new Error(`Tab never came to ${selector}`);
}

/** Controls that a screen reader could not call by a name. */
function namelessControls(page: Page): Promise<string[]> {
  return page.evaluate(`[...document.querySelectorAll("button, input, select, textarea, summary, progress, svg[tabindex]")]
    .filter((control) => !control.hidden)
    .filter((control) => {
      const label = control.labels?.[0]?.textContent ?? "";
      const own = control.matches("button, summary") ? control.textContent : "";
      return (control.getAttribute("aria-label") ?? "") + label.trim() + own.trim() === "";
    })
    .map((control) => control.outerHTML.slice(0, 80))`);
}

async function isDarkGround(page: Page): Promise<boolean> {
  const colour = await page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor");
  return channels(colour).reduce((sum, value) => sum + value, 0) < 3 * 128;
}

/** Texts whose colour is too near to the panel's, by the measure of WCAG: 4.5 to 1. */
async function contrasts(page: Page): Promise<string[]> {
  const found = await page.evaluate<[string, string, string][]>(`
    [...document.querySelectorAll("h1, h2, p, button, label, summary, .faint, .command-text")]
      .filter((element) => element.checkVisibility() && element.textContent.trim() !== "" && !element.disabled)
      .map((element) => {
        let ground = element;
        while (getComputedStyle(ground).backgroundColor === "rgba(0, 0, 0, 0)") ground = ground.parentElement;
        const { color } = getComputedStyle(element);
        return [element.textContent.trim().slice(0, 40), color, getComputedStyle(ground).backgroundColor];
      })`);
  const faint = found.filter(([, ink, ground]) => contrast(channels(ink), channels(ground)) < 4.5);
  return faint.map((parts) => parts.join(" · "));
}

function channels(colour: string): number[] {
  return [...colour.matchAll(/[\d.]+/g)].slice(0, 3).map(Number);
}

function contrast(one: number[], other: number[]): number {
  const [high, low] = [luminance(one), luminance(other)].sort((left, right) => right - left);
  return (high! + 0.05) / (low! + 0.05);
}

function luminance(colour: number[]): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
