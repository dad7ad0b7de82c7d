// Each chapter as a reader sees it: rendered, complete, accessible, on a wide screen and on a phone.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { open } from "./browser.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Rules of axe that are switched off: `{ rule, reason }`. */
const switchedOff = JSON.parse(await readFile(new URL("switched-off.json", import.meta.url), "utf8"));

const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Checks one page in light, in dark and on a phone; takes a screenshot of each. */
export async function checkPage(browser, address, chapter, expected, pictures, report) {
  for (const [name, viewport, scheme] of [
    ["light", WIDE, "light"],
    ["dark", WIDE, "dark"],
    ["phone", PHONE, "light"],
  ]) {
    const tell = (problem) => report(`${chapter} (${name}): ${problem}`);
    const { context, page } = await open(browser, { viewport, colorScheme: scheme, reducedMotion: "reduce" }, tell);
    await page.goto(`${address}/${chapter}.html`, { waitUntil: "load" });
    await page.evaluate(() => document.fonts.ready);
    if (name === "light") await checkContent(page, expected, tell);
    await checkAxe(page, tell);
    await checkWidth(page, tell);
    const file = join(pictures, `${chapter.replaceAll("/", "-")}-${name}.png`);
    await page.screenshot({ path: file, fullPage: true });
    await context.close();
  }
}

/** Formulas are MathML in the mathematics font, and every listing shows what its notebook recorded. */
async function checkContent(page, expected, tell) {
  const found = await page.evaluate(() => {
    const main = document.querySelector("main");
    const prose = main.cloneNode(true);
    prose.querySelectorAll("pre, code, math, script, svg").forEach((element) => element.remove());
    const listings = [...main.querySelectorAll(".listing")].map((listing) => [
      listing.id.replace(/^listing-/, ""),
      Boolean(listing.querySelector("pre > code")) && Boolean(listing.querySelector(".output")),
    ]);
    return {
      headings: main.querySelectorAll("h1").length,
      displayed: main.querySelectorAll("math[display=block]").length,
      inline: main.querySelectorAll("math:not([display=block])").length,
      broken: main.querySelectorAll("merror, .math-error").length,
      raw: prose.textContent.match(/\$\$|\\(frac|sum|begin|text|mathbf|left)\b|\{\{[a-z]/g) ?? [],
      font: document.fonts.check('16px "Latin Modern Math"'),
      missing: main.querySelectorAll(".note.missing").length,
      listings,
    };
  });
  if (found.headings !== 1) tell(`${found.headings} headings of the first level`);
  if (found.displayed !== expected.displayed) {
    tell(`${found.displayed} displayed formulas as MathML, ${expected.displayed} in the chapter`);
  }
  if (found.displayed + found.inline > 0 && !found.font) tell("the mathematics font is not loaded");
  if (found.broken) tell(`${found.broken} formulas could not be set`);
  if (found.raw.length) tell(`unset source on the page: ${[...new Set(found.raw)].join(" ")}`);
  if (found.missing) tell(`${found.missing} outputs are missing or stale`);
  checkOutputs(found.listings, expected.outputs, tell);
}

/** Both are lists of `[id, has an output]`, of the page's listings and of the notebook's cells. */
function checkOutputs(found, expected, tell) {
  const page = new Map(found);
  const notebook = new Map(expected);
  for (const [id, printed] of notebook) {
    if (!page.has(id)) tell(`the listing ${id} is in the notebook and not on the page`);
    else if (printed && !page.get(id)) tell(`the listing ${id} lacks its recorded output`);
    else if (!printed && page.get(id)) tell(`the listing ${id} shows an output that was not recorded`);
  }
  for (const id of page.keys()) {
    if (!notebook.has(id)) tell(`the listing ${id} is on the page and not in the notebook`);
  }
}

async function checkAxe(page, tell) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async (off) => {
    const rules = Object.fromEntries(off.map((rule) => [rule, { enabled: false }]));
    const result = await window.axe.run(document, { rules, resultTypes: ["violations"] });
    return result.violations.map((violation) => ({
      id: violation.id,
      help: violation.help,
      count: violation.nodes.length,
      first: violation.nodes[0].html.slice(0, 200),
      why: violation.nodes[0].failureSummary.replace(/\s+/g, " ").slice(0, 240),
    }));
  }, switchedOff.map(({ rule }) => rule));
  for (const { id, help, count, first, why } of violations) {
    tell(`axe ${id} (${count}): ${help}\n    ${first}\n    ${why}`);
  }
}

/** Nothing stands beyond the screen's edge, unless it is in something that scrolls by itself. */
async function checkWidth(page, tell) {
  const beyond = await page.evaluate(() => {
    const edge = document.documentElement.clientWidth;
    const scrolls = (element) => {
      for (let parent = element.parentElement; parent && parent.localName !== "main"; parent = parent.parentElement) {
        if (/auto|scroll|hidden/.test(getComputedStyle(parent).overflowX)) return true;
      }
      return false;
    };
    const wide = [...document.querySelectorAll("main *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.width > 0 && (box.right > edge + 1 || box.left < -1) && !scrolls(element);
    });
    const page = document.documentElement.scrollWidth > edge ? ["the page"] : [];
    return page.concat(wide.slice(0, 3).map((element) => element.outerHTML.slice(0, 120)));
  });
  for (const what of beyond) tell(`wider than the screen: ${what}`);
}
