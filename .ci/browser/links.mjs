// Every link within the book leads to a page that exists and, with an anchor, to a place on it.

import { readFile, readdir } from "node:fs/promises";
import { join, posix, sep } from "node:path";

/** Pages that mdBook adds and nobody reads by themselves. */
const ADDED = new Set(["404.html", "print.html", "toc.html"]);

/** The book's pages, as paths relative to its folder. */
export async function pagesOf(book) {
  const files = await readdir(book, { recursive: true });
  return files
    .map((file) => file.split(sep).join("/"))
    .filter((file) => file.endsWith(".html") && !ADDED.has(file))
    .sort();
}

/** Reads every page in the browser and reports links that lead nowhere. Returns how many were followed. */
export async function checkLinks(browser, address, book, report) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const anchors = new Map();
  const links = [];
  for (const file of await pagesOf(book)) {
    await page.goto(`${address}/${file}`, { waitUntil: "load" });
    const { ids, hrefs } = await page.evaluate(() => ({
      ids: [...document.querySelectorAll("[id], a[name]")].map((element) => element.id || element.name),
      hrefs: [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href")),
    }));
    anchors.set(file, new Set(ids));
    links.push(...[...new Set(hrefs)].map((href) => ({ file, href })));
  }
  await context.close();
  const followed = links.filter(({ href }) => !/^[a-z]+:/.test(href));
  for (const { file, href } of followed) {
    const problem = await leadsNowhere(book, file, href, anchors);
    if (problem) report(`${file}: the link ${href} ${problem}`);
  }
  return followed.length;
}

async function leadsNowhere(book, file, href, anchors) {
  const [path, anchor] = href.split("#");
  const target = path ? posix.normalize(posix.join(posix.dirname(file), decodeURIComponent(path))) : file;
  if (!anchors.has(target)) {
    try {
      await readFile(join(book, target));
      return null;
    } catch {
      return `leads to ${target}, which does not exist`;
    }
  }
  if (anchor && !anchors.get(target).has(decodeURIComponent(anchor))) {
    return `leads to a place that ${target} does not have`;
  }
  return null;
}
