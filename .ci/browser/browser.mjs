// Debian's Chromium, which can reach nothing but this machine, and reports what it tried.

import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const PROGRAMS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
const LOCAL = new Set(["127.0.0.1", "localhost", "[::1]"]);

/** Starts the browser; `CHROMIUM` names another program. */
export async function launch() {
  const program = process.env.CHROMIUM ?? PROGRAMS.find((path) => existsSync(path));
  if (!program) {
    throw new Error(`no Chromium at ${PROGRAMS.join(", ")}: install one, or name it in CHROMIUM`);
  }
  return chromium.launch({
    executablePath: program,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--no-first-run",
      // A name that is not this machine's resolves to nothing, whoever asks.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ],
  });
}

/** Opens a page that hands every problem to `report`: console errors, exceptions, failed or foreign requests. */
export async function open(browser, options, report) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") report(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => report(`exception: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) report(`${response.status()} for ${response.url()}`);
  });
  context.on("request", (request) => {
    const foreign = foreignHost(request.url());
    if (foreign) report(`a request leaves the machine: ${request.url()}`);
  });
  context.on("requestfailed", (request) => {
    const reason = request.failure()?.errorText ?? "";
    if (reason !== "net::ERR_ABORTED") report(`request failed (${reason}): ${request.url()}`);
  });
  page.on("websocket", (socket) => {
    if (foreignHost(socket.url())) report(`a socket leaves the machine: ${socket.url()}`);
  });
  return { context, page };
}

function foreignHost(address) {
  const url = new URL(address);
  return /^(https?|wss?):$/.test(url.protocol) && !LOCAL.has(url.hostname);
}
