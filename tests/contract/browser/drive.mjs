// Drives a real browser for the tests: one JSON object a line on standard input, one a line on standard output.
//
//   node drive.mjs /usr/bin/chromium
//   {"id":1,"do":"open","width":390,"height":844,"dark":false,"phone":true}        → {"id":1,"value":1}, the page's number
//   {"id":2,"do":"goto","page":1,"url":"http://127.0.0.1:8787/account"}            → {"id":2,"value":200}, the answer's status
//   what cannot be done                                                             → {"id":2,"error":"…"}
//
// Answers come in the order things are done, so several orders may be under way. Ends when its standard input does.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const PATIENCE_MS = 15_000;
// Nothing outside this machine is asked, whatever a page or the browser itself would like to load.
const ARGUMENTS = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost, EXCLUDE [::1]"];
// Tells the console what the page's content policy refused: the browser's own words for it change.
const TELL_VIOLATIONS = () =>
  document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`content policy: ${event.effectiveDirective} refused ${event.blockedURI}`),
  );

// Finds what keeps people out who cannot see, hear or point.
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: process.argv[2], args: ARGUMENTS });
const opened = new Map();
let last = 0;

// A page in a browser of its own: no cookie and no cache is shared.
async function open({ width, height, dark, phone }) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    ...(phone && { isMobile: true, hasTouch: true, deviceScaleFactor: 2 }),
    ignoreHTTPSErrors: true,
    locale: "en-GB",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  await context.addInitScript(TELL_VIOLATIONS);
  const page = await context.newPage();
  const complaints = [];
  const wanted = [];
  const watchers = new Set();
  // Where the page went or was sent to, in order; a private scheme is never asked for, only named by a redirect.
  const note = (url) => {
    wanted.push(url);
    for (const watcher of watchers) watcher(url);
  };
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => note(request.url()));
  page.on("response", async (response) => {
    const target = response.headers().location;
    if (target) note(new URL(target, response.url()).href);
  });
  opened.set(++last, { context, page, complaints, wanted, watchers });
  return last;
}

// Resolves with the first URL, past or to come, that begins with `prefix`.
function requested({ wanted, watchers }, prefix) {
  const found = wanted.find((url) => url.startsWith(prefix));
  if (found) return found;
  return new Promise((resolve, reject) => {
    const late = () => {
      watchers.delete(watcher);
      reject(new Error(`nothing at ${prefix} was asked for, only ${wanted.join(" ")}`));
    };
    const timer = setTimeout(late, PATIENCE_MS);
    const watcher = (url) => {
      if (!url.startsWith(prefix)) return;
      watchers.delete(watcher);
      clearTimeout(timer);
      resolve(url);
    };
    watchers.add(watcher);
  });
}

// The value of a cookie is the browser's secret; its length says whether there is one.
const withoutValue = ({ value, ...cookie }) => ({ ...cookie, length: value.length });

// What of a page is a serious barrier to somebody: the rule, and where.
async function barriers({ page }) {
  await page.evaluate(AXE);
  const found = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  const serious = found.violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(
    ({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
  );
}

// Answers the page's own requests of a path in place of whoever else would: never, where the status is 0.
const answerWith = ({ page }, { path, status, body }) =>
  page.route(
    (url) => url.pathname === path,
    (route) =>
      status === 0 ? undefined : route.fulfill({ status, contentType: "application/json", body: JSON.stringify(body) }),
  );

const ORDERS = {
  goto: async ({ page }, { url }) => (await page.goto(url))?.status() ?? null,
  fill: ({ page }, { selector, text }) => page.fill(selector, text),
  click: ({ page }, { selector }) => page.click(selector),
  choose: async ({ page }, { selector, value }) => void (await page.selectOption(selector, value)),
  barriers,
  answerWith,
  type: ({ page }, { text }) => page.keyboard.type(text),
  press: ({ page }, { key }) => page.keyboard.press(key),
  url: ({ page }) => page.url(),
  arrive: async ({ page }, { prefix }) => {
    await page.waitForURL((url) => url.href.startsWith(prefix));
    return page.url();
  },
  requested: (one, { prefix }) => requested(one, prefix),
  text: ({ page }, { selector }) => page.innerText(selector),
  count: ({ page }, { selector }) => page.locator(selector).count(),
  html: ({ page }) => page.content(),
  evaluate: ({ page }, { expression }) => page.evaluate(expression),
  screenshot: async ({ page }, { path }) => void (await page.screenshot({ path, fullPage: true })),
  cookies: async ({ context }) => (await context.cookies()).map(withoutValue),
  complaints: ({ complaints }) => complaints.splice(0),
};

async function carryOut(order) {
  if (order.do === "open") return open(order);
  const one = opened.get(order.page);
  if (!one) throw new Error(`there is no page ${order.page}`);
  if (order.do === "close") {
    opened.delete(order.page);
    return void (await one.context.close());
  }
  if (!Object.hasOwn(ORDERS, order.do)) throw new Error(`nobody knows how to ${order.do}`);
  return ORDERS[order.do](one, order);
}

async function answer(line) {
  const order = JSON.parse(line);
  const told = await carryOut(order).then(
    (value) => ({ id: order.id, value: value ?? null }),
    (error) => ({ id: order.id, error: String(error?.message ?? error) }),
  );
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

const lines = createInterface({ input: process.stdin });
lines.on("line", answer);
lines.on("close", async () => {
  await browser.close();
  process.exit(0);
});
