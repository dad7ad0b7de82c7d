// One notebook, opened and run in JupyterLab as a reader does: Run All Cells, and the outputs appear.

import { spawn } from "node:child_process";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { open } from "./browser.mjs";

const NAME = "browser-check.ipynb";
const TOKEN = "browser-check";
/** Milliseconds: JupyterLab's start, and a whole notebook in quick mode. */
const START = 90_000;
const RUN = 600_000;

/** Runs a copy of the notebook, its outputs taken away, and reports cells that stay without theirs. */
export async function checkNotebook(browser, root, name, pictures, report) {
  const source = name ?? (await shortest(root));
  const tell = (problem) => report(`notebook ${source}: ${problem}`);
  const recorded = JSON.parse(await readFile(join(root, "notebooks", `${source}.ipynb`), "utf8"));
  const copy = join(root, "my-notebooks", NAME);
  await mkdir(join(root, "my-notebooks"), { recursive: true });
  await writeFile(copy, JSON.stringify(withoutOutputs(recorded)));
  const port = await freePort();
  const server = startJupyter(root, port);
  try {
    await untilAnswers(port, server);
    const begun = Date.now();
    await runAll(browser, port, codeCells(recorded).length, pictures, tell);
    const saved = JSON.parse(await readFile(copy, "utf8"));
    compare(codeCells(recorded), codeCells(saved), tell);
    console.log(`notebook ${source}: ${codeCells(saved).length} cells run in ${Math.round((Date.now() - begun) / 1000)} s`);
  } finally {
    server.kill("SIGTERM");
    await Promise.race([server.closed, sleep(10_000).then(() => server.kill("SIGKILL"))]);
    await rm(copy, { force: true });
  }
}

/** The notebook that took the least time when it was recorded, else the one with the fewest cells. */
async function shortest(root) {
  const names = (await readdir(join(root, "notebooks"))).filter((file) => file.endsWith(".ipynb"));
  const sizes = await Promise.all(
    names.map(async (file) => {
      const notebook = JSON.parse(await readFile(join(root, "notebooks", file), "utf8"));
      const printing = codeCells(notebook).filter((cell) => cell.outputs.length).length;
      return { name: file.replace(/\.ipynb$/, ""), printing, cells: codeCells(notebook).length };
    }),
  );
  const candidates = sizes.filter(({ printing }) => printing > 1).sort((a, b) => a.cells - b.cells);
  if (!candidates.length) throw new Error("no notebook has recorded outputs");
  return candidates[0].name;
}

const codeCells = (notebook) => notebook.cells.filter((cell) => cell.cell_type === "code");

function withoutOutputs(notebook) {
  const cells = notebook.cells.map((cell) =>
    cell.cell_type === "code" ? { ...cell, outputs: [], execution_count: null } : cell,
  );
  return { ...notebook, cells };
}

function startJupyter(root, port) {
  const folder = join(root, "target/browser-jupyter");
  const environment = {
    ...process.env,
    DIGITS_RUN_MODE: "quick",
    JUPYTER_TOKEN: TOKEN,
    JUPYTER_PREFER_ENV_PATH: "1",
    JUPYTER_CONFIG_DIR: join(folder, "config"),
    JUPYTER_DATA_DIR: join(folder, "data"),
    JUPYTER_RUNTIME_DIR: join(folder, "runtime"),
  };
  const options = ["lab", "-y", "--no-browser", "--allow-root", "--ip=127.0.0.1", `--port=${port}`, "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True"];
  const server = spawn(
    join(root, ".tools/python/bin/jupyter"),
    [...options, `--ServerApp.root_dir=${root}`],
    { env: environment, cwd: root, stdio: ["ignore", "pipe", "pipe"] },
  );
  server.log = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream.on("data", (text) => (server.log = (server.log + text).slice(-4000)));
  }
  server.on("error", (error) => (server.log += error.message));
  server.closed = new Promise((resolve) => server.once("close", resolve));
  return server;
}

/** A port that nothing listens on now. */
async function freePort() {
  const probe = createServer();
  await new Promise((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function untilAnswers(port, server) {
  const deadline = Date.now() + START;
  while (Date.now() < deadline && server.exitCode === null) {
    try {
      const answer = await fetch(`http://127.0.0.1:${port}/api?token=${TOKEN}`);
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await sleep(300);
  }
  throw new Error(`JupyterLab does not answer:\n${server.log}`);
}

/** Opens the notebook, chooses Run › Run All Cells, waits for the last cell, saves. */
async function runAll(browser, port, count, pictures, tell) {
  const { context, page } = await open(browser, { viewport: { width: 1280, height: 900 } }, tell);
  page.setDefaultTimeout(START);
  await page.goto(`http://127.0.0.1:${port}/lab/tree/my-notebooks/${NAME}?token=${TOKEN}&reset`);
  await page.locator(".jp-Notebook .jp-CodeCell").first().waitFor();
  // The kernel starts by itself; before it has, Run would ask which kernel to take.
  await page.waitForFunction(() => {
    const kernel = window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
  });
  await page.locator(".lm-MenuBar-item", { hasText: /^Run$/ }).click();
  await page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click();
  await untilRun(page, count);
  await page.keyboard.press("Control+s");
  await sleep(2000);
  await page.screenshot({ path: join(pictures, "notebook.png") });
  await context.close();
}

/** Waits until every code cell has its number: a cell that waits or runs shows `[*]`. */
async function untilRun(page, count) {
  const deadline = Date.now() + RUN;
  while (Date.now() < deadline) {
    const done = await page.evaluate((expected) => {
      const model = window.jupyterapp?.shell?.currentWidget?.content?.model?.cells;
      const cells = model ? [...model].filter((cell) => cell.type === "code") : [];
      return cells.length === expected && cells.every((cell) => cell.executionCount !== null);
    }, count);
    if (done) return;
    await sleep(500);
  }
  const asked = await page.evaluate(() => document.querySelector(".jp-Dialog")?.innerText ?? "nothing");
  throw new Error(`JupyterLab asks ${JSON.stringify(asked)}; the notebook has not run to its end within ten minutes`);
}

function compare(recorded, run, tell) {
  recorded.forEach((cell, index) => {
    const mayFail = cell.metadata?.tags?.includes("raises-exception");
    const outputs = run[index]?.outputs ?? [];
    const errors = outputs.filter((output) => output.output_type === "error");
    if (errors.length && !mayFail) tell(`cell ${index + 1} fails: ${errors[0].ename}: ${errors[0].evalue}`);
    if (cell.outputs.length && !outputs.length) tell(`cell ${index + 1} shows no output`);
  });
}
