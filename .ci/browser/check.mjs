// Opens the built book, and one notebook in JupyterLab, in headless Chromium:
//
//     node .ci/browser/check.mjs [--no-notebook] [--notebook NAME] [CHAPTER …]
//
// Before it: `mdbook build book` and `cargo xtask start --no-serve`. Screenshots go to target/screenshots.

import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { launch } from "./browser.mjs";
import { checkLinks } from "./links.mjs";
import { checkNotebook } from "./notebook.mjs";
import { checkPage } from "./pages.mjs";
import { serve } from "./serve.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
const book = join(root, "book/book");
const pictures = join(root, "target/screenshots");

/** The chapters in the order of SUMMARY.md, without their ending. */
async function chapters() {
  const summary = await readFile(join(root, "book/src/SUMMARY.md"), "utf8");
  return [...summary.matchAll(/\]\(([^)]+)\.md\)/g)].map(([, name]) => name.replace(/^\.\//, ""));
}

/** What a chapter's source and its notebook say must be on its page. */
async function expectations(chapter) {
  const source = await readFile(join(root, `book/src/${chapter}.md`), "utf8");
  const prose = source.replace(/^(```+|~~~+)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");
  const displayed = (prose.match(/\$\$/g)?.length ?? 0) / 2;
  let outputs = [];
  try {
    const notebook = JSON.parse(await readFile(join(root, `notebooks/${chapter}.ipynb`), "utf8"));
    const code = notebook.cells.filter((cell) => cell.cell_type === "code");
    // The first code cell is the generated set-up.
    outputs = code.slice(1).map((cell) => [cell.id, cell.outputs.length > 0]);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  return { displayed, outputs };
}

/** Does a task for each of the names, two at a time: a page keeps one core busy, and the checks' machine has two. */
async function forEach(names, task) {
  const left = [...names];
  const work = async () => {
    while (left.length) await task(left.shift());
  };
  await Promise.all([work(), work()]);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { notebook: { type: "string" }, "no-notebook": { type: "boolean" } },
  });
  const problems = [];
  const report = (problem) => {
    problems.push(problem);
    console.log(`  ${problem}`);
  };
  await mkdir(pictures, { recursive: true });
  const names = positionals.length ? positionals : await chapters();
  const server = await serve(book);
  const browser = await launch();
  try {
    await forEach(names, async (chapter) => {
      console.log(chapter);
      await checkPage(browser, server.address, chapter, await expectations(chapter), pictures, report);
    });
    console.log(`${await checkLinks(browser, server.address, book, report)} links within the book`);
    if (!values["no-notebook"]) {
      await checkNotebook(browser, root, values.notebook, pictures, report);
    }
  } finally {
    await browser.close();
    await server.close();
  }
  if (!names.length) report("the book has no chapter");
  console.log(`${names.length} chapters in light, dark and 390 pixels wide, ${problems.length} problems`);
  process.exitCode = problems.length ? 1 : 0;
}

await main();
