// The pages that sca-sim writes, opened from the disk in a real browser without a network.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url)), root = join(here, "../..");
const sca = process.env.SCA_SIM ?? join(root, "target/debug/sca-sim");
const out = process.env.PAGES ?? mkdtempSync(join(tmpdir(), "sca-sim-pages-"));
const executablePath = process.env.CHROMIUM ?? ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
const quiet = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath, args: quiet });

/** Opens a page; whatever it complains of, or asks a network for, fails the test. */
const open = async (file, options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("request", (request) => !/^(file|data):/.test(request.url()) && complaints.push(`asked for ${request.url()}`));
  await page.goto(pathToFileURL(file).href);
  return { page, done: async () => { assert.deepEqual(complaints, []); await context.close(); } };
};
const text = (page, selector) => page.locator(selector).innerText();

const trace = async () => {
  const file = join(out, "trace.html");
  const run = spawnSync(sca, ["run", "--trace", file, "--failures", join(out, "failures"), "failing_payment.sca"], { cwd: here, encoding: "utf8" });
  assert.equal(run.status, 1, run.stderr);
  const { page, done } = await open(file);
  assert.equal(await text(page, "#verdict"), "fail");
  assert.equal(await text(page, "#title"), "A capture of 12.40 is approved in full");
  // What failed stands on top, with what was expected and what was seen, and the field marked in both.
  assert.match(await text(page, "#failure"), /expected, line 14/i);
  assert.deepEqual(await page.locator("#failure mark").allInnerTexts(), ["APPROVED_AMOUNT=12.40", "APPROVED_AMOUNT=8.00"]);
  assert.ok((await page.locator("#failure").boundingBox()).y < (await page.locator("#ladder").boundingBox()).y);
  // The page begins at what failed; the ladder has its lifelines and a row for each moment.
  assert.match(await text(page, "#reading"), /the run failed here/);
  assert.deepEqual(await page.locator("svg .name").allTextContents(), ["pos", "broker", "terminal", "host"]);
  const rows = await page.locator("svg .row").count();
  assert.ok(rows > 15, `${rows} rows`);
  assert.equal(await page.locator("svg .row.chosen .failed").count() > 0, true);
  assert.equal(await page.locator("svg .up").count(), 1);
  assert.equal(await page.locator("svg text.fault").count(), 1);
  // A message shows its fields, its XML and the bytes of its frame.
  await page.locator("svg .row", { hasText: "PAYMENT CAPTURE TRANS_AMOUNT=12.40" }).first().click();
  assert.match(await text(page, "#pane"), /TRANS_AMOUNT\s+12\.40/);
  await page.click("#tab-document");
  assert.match(await text(page, "#pane"), /<TRANS_AMOUNT>12\.40<\/TRANS_AMOUNT>/);
  await page.click("#tab-frames");
  assert.match(await text(page, "#pane"), /text frame \(opcode 1\)[^]*000000 {2}81/);
  await page.click("#tab-source");
  assert.match(await text(page, "#pane .here"), /pos -> terminal {2}PAYMENT CAPTURE/);
  // The screen follows the ladder, by the scrubber and by the keys.
  const picture = () => page.locator("#screen").getAttribute("src");
  await page.keyboard.press("Home");
  const first = await picture();
  assert.match(first, /^data:image\/png;base64,/);
  assert.ok(await page.locator("#screen").evaluate((image) => image.complete && image.naturalWidth > 300));
  const names = new Set();
  for (let moment = 0; moment < rows; moment += 1) {
    names.add((await text(page, "#shows")).replace(/,.*/, ""));
    await page.keyboard.press("ArrowDown");
  }
  for (const name of ["boot", "connecting", "idle", "session", "card-entry", "pin", "authorising", "approved"]) assert.ok(names.has(`terminal: screen ${name}`), `${name} is not among ${[...names]}`);
  await page.locator("#scrub").fill("0");
  assert.equal(await picture(), first);
  await page.keyboard.press("f");
  assert.match(await text(page, "#when"), new RegExp(`moment ${rows} of ${rows}`));
  await page.keyboard.press("2");
  assert.match(await text(page, "#pane"), /<APPROVED_AMOUNT>8\.00/);
  await page.screenshot({ path: join(out, "trace.png") });
  assert.ok(!/\d{13}/.test(readFileSync(file, "utf8").replace(/base64,[^"]*/g, "")), "a card number");
  await done();
  const dark = await open(file, { colorScheme: "dark" });
  const ground = await dark.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  assert.equal(ground, "rgb(20, 23, 26)");
  await dark.page.screenshot({ path: join(out, "trace-dark.png") });
  await dark.done();
  const narrow = await open(file, { viewport: { width: 480, height: 900 } });
  assert.ok(await narrow.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than a narrow window");
  await narrow.done();
  console.log(`trace page: ${rows} moments, ${names.size} screens`);
};

const conformance = async () => {
  const file = join(out, "conformance.html");
  execFileSync(sca, ["conformance", "--html", file, "--links", `${pathToFileURL(root).href}/`, "scenarios"], { cwd: root, stdio: "pipe" });
  const { page, done } = await open(file);
  const clauses = await page.locator("#clauses tbody tr").count();
  assert.match(await text(page, "#summary"), new RegExp(`${clauses} of ${clauses} clauses hold`));
  // Evidence is linked to its line.
  await page.click("#REC-01 summary");
  const link = page.locator("#REC-01 a").first();
  const target = await link.getAttribute("href");
  assert.match(target, /\.sca#L\d+$/);
  const [path, line] = target.split("#L");
  assert.match(readFileSync(fileURLToPath(path), "utf8").split("\n")[Number(line) - 1], /covers .*REC-01/);
  // The search finds by words, wherever they stand, and by verdict.
  await page.keyboard.press("/");
  await page.fill("#search", "rec-01");
  const shown = () => page.locator("#clauses tbody tr:visible").count();
  const found = await shown();
  assert.ok(found >= 1 && found < clauses, `${found} clauses`);
  assert.equal(await page.locator("#REC-01").isVisible(), true);
  await page.fill("#search", "nothing-has-this-word");
  assert.equal(await page.locator("main section:visible").count(), 0);
  await page.fill("#search", "");
  await page.selectOption("#only", "fail");
  assert.equal(await shown(), 0);
  await page.selectOption("#only", "");
  assert.equal(await shown(), clauses);
  // It prints: white, without the search, with the evidence open.
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.locator("#search").isVisible(), false);
  assert.ok((await page.pdf()).length > 20_000);
  await page.emulateMedia({ media: "screen" });
  await page.screenshot({ path: join(out, "conformance.png") });
  await done();
  console.log(`conformance page: ${clauses} clauses`);
};

try {
  await trace();
  await conformance();
  console.log(`pictures: ${out}`);
} finally {
  await browser.close();
}
