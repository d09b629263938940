// Draws docs/screenshots/ from the page itself, over a real server and a real import: `npm run docs:screenshots`.
// Needs Chromium at /usr/bin/chromium, or where CHROMIUM says.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { open as lmdb } from "lmdb";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const pictures = join(root, "docs", "screenshots");
const folder = mkdtempSync(join(tmpdir(), "plimsoll-screenshots-"));
const program = join(root, "bin", "plimsoll.js");
const port = 8087;
const address = `http://127.0.0.1:${port}/`;
const archive = join(folder, "events.jsonl");
const events = 40_000;
/** As fast as a good line to another town: there is time to look. */
const uploadBytesPerSecond = 4 << 20;
const shotAfterSeconds = 5;

const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

async function serve(...options) {
  const args = ["serve", join(folder, "events"), "--port", String(port), "--memory", "128MiB", ...options];
  const server = spawn(process.execPath, [program, ...args], { stdio: "ignore" });
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await fetch(`${address}healthz`).catch(() => null);
    if (answer?.ok) return server;
    await wait(0.2);
  }
  server.kill();
  throw new Error("the server did not start");
}

async function open(browser, options) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 860 }, ...options });
  const page = await context.newPage();
  await page.goto(address);
  await page.locator("#connection[data-state=live]").waitFor();
  return page;
}

async function search(page, words) {
  await page.fill("#words", words);
  await page.click("#search-form button[type=submit]");
  await page.locator("#results > li").nth(3).waitFor();
  await page.evaluate(() => {
    document.activeElement.blur();
    document.getElementById("search").scrollIntoView();
  });
}

async function draw(browser) {
  const picture = (page, name) => page.screenshot({ path: join(pictures, `${name}.png`) });
  const light = await open(browser, { colorScheme: "light" });
  const session = await light.context().newCDPSession(light);
  await session.send("Network.enable");
  const limits = {
    offline: false,
    latency: 0,
    downloadThroughput: -1,
    uploadThroughput: uploadBytesPerSecond,
  };
  await session.send("Network.emulateNetworkConditions", limits);
  await light.setInputFiles("#file", archive);
  await light.locator("#start").waitFor();
  await light.waitForFunction(() => document.getElementById("preset").value === "nostr");
  await light.click("#start");
  await wait(shotAfterSeconds);
  await picture(light, "import");
  await light.locator("#job-state [data-state=complete]").waitFor({ timeout: 120_000 });

  const dark = await open(browser, { colorScheme: "dark" });
  await dark.locator("#job-report .figures").waitFor();
  await dark.click(".decisions summary");
  await dark.click(".entity summary");
  await picture(dark, "report-dark");

  await search(light, "good morning");
  await picture(light, "search");

  const narrow = await open(browser, { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 });
  await narrow.locator("#job-report .figures").waitFor();
  await narrow.evaluate(() => document.getElementById("job").scrollIntoView());
  await picture(narrow, "narrow");
}

/** What three name servers have of one database; the snapshot of a fourth one is cut off. */
async function makeInstances() {
  const shared = join(folder, "snapshots");
  for (const [at, instance] of ["amsterdam", "london", "tokyo"].entries()) {
    const path = join(folder, instance);
    const environment = lmdb({ path, noSubdir: false, maxDbs: 4, encoding: "binary" });
    const table = environment.openDB({ name: "records", encoding: "binary" });
    for (let id = 0; id < 2_000 * (at + 1); id++)
      table.putSync(`${instance}-${id}`, Buffer.alloc(80, id % 251));
    await environment.close();
    if (at === 0) continue;
    const args = ["snapshot", "push", path, `file:${shared}`, "--instance", instance, "--database", "dns"];
    execFileSync(process.execPath, [program, ...args], { stdio: "ignore" });
  }
  const whole = readdirSync(shared).find((name) => name.includes("__tokyo__"));
  const cut = readFileSync(join(shared, whole)).subarray(0, 3_000);
  writeFileSync(join(shared, whole.replace("__tokyo__", "__sydney__")), cut);
  const config = join(folder, "sync.yaml");
  const lines = [
    "instance: amsterdam",
    `lmdbs: {dns: {path: ${join(folder, "amsterdam")}}}`,
    `storage: {type: fs, options: {root_path: ${shared}}, cleanup: {enabled: true}}`,
    "sweeper: {enabled: true}",
  ];
  writeFileSync(config, lines.join("\n"));
  return config;
}

async function drawSnapshots(browser) {
  const page = await open(browser, { colorScheme: "dark", viewport: { width: 1200, height: 620 } });
  await page.locator(".instances tbody tr").nth(2).waitFor();
  await page.locator(".snapshot-unreadable").waitFor();
  await wait(shotAfterSeconds);
  await page.evaluate(() => document.getElementById("snapshots").scrollIntoView());
  await page.screenshot({ path: join(pictures, "snapshots-dark.png") });
}

async function stop(server) {
  server.kill();
  await once(server, "exit");
}

mkdirSync(pictures, { recursive: true });
execFileSync(process.execPath, [
  join(root, "scripts", "gen.js"),
  "nostr",
  "--count",
  String(events),
  "--out",
  archive,
]);
let server = await serve();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
});
try {
  await draw(browser);
  await stop(server);
  server = await serve("--sync", await makeInstances());
  await drawSnapshots(browser);
} finally {
  await browser.close();
  await stop(server);
  rmSync(folder, { recursive: true, force: true });
}
