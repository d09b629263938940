import { existsSync } from "node:fs";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect } from "vitest";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Tests of the page skip where there is no Chromium, and say so. */
export const hasChromium = existsSync(executablePath);
if (!hasChromium) {
  console.log(`skipped: no Chromium at ${executablePath}; name one in CHROMIUM to test the page`);
}

/** Each start has an empty profile of its own, which goes with it. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page and everything on it that must not happen. */
export interface Visit {
  page: Page;
  /** Errors of scripts, refusals of the content security policy, and requests to anywhere else. */
  faults: string[];
}

export async function visit(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (/security policy|refused to/i.test(message.text())) faults.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(address)) faults.push(`asked for ${request.url()}`);
  });
  page.on("dialog", (dialog) => {
    // Leaving in mid-upload asks first; any other dialog is a script that should not run.
    if (dialog.type() !== "beforeunload") faults.push(`dialog: ${dialog.message()}`);
    void dialog.accept();
  });
  await page.goto(address);
  return { page, faults };
}

/** Waits until events of the server arrive. */
export async function isLive(page: Page): Promise<void> {
  await page.locator("#connection[data-state=live]").waitFor();
}

export async function hasNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate<[number, number]>(
    "[document.documentElement.scrollWidth, innerWidth]",
  );
  expect(content).toBeLessThanOrEqual(window);
}

/** Sends what is chosen more slowly, so that there is time to look. */
export async function slowUploads(page: Page, bytesPerSecond: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: bytesPerSecond,
  });
}
