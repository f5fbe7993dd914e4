import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { join } from "node:path";

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly setupUrl: string;
  readonly log: () => string;
}

const main = pathToFileURL(join(import.meta.dirname, "main.ts")).href;
const readConfig = pathToFileURL(join(import.meta.dirname, "base", "config", "read-config.ts")).href;

export function serving(data: string) {
  const script = `const { serveCommand } = await import(${JSON.stringify(main)});
    const { readConfig } = await import(${JSON.stringify(readConfig)});
    await serveCommand(readConfig({ flags: { data: ${JSON.stringify(data)}, listen: "127.0.0.1:0" } }));`;
  return spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: ["ignore", "pipe", "pipe"] });
}

export async function start(t: TestContext, data: string): Promise<Started> {
  const child = serving(data);
  t.after(() => child.kill("SIGKILL"));
  let log = "";
  child.stderr.on("data", (text: Buffer) => (log += String(text)));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === 2) break;
  }
  const url = /^holdfast ready at (http:\/\/127\.0\.0\.1:\d+)$/.exec(lines[0] ?? "")?.[1];
  const setupUrl = /(http:\S+\/setup#\S+)$/.exec(lines[1] ?? "")?.[1];
  assert.ok(url !== undefined && setupUrl !== undefined, `${lines.join("\n")}\n${log}`);
  return { child, url, setupUrl, log: () => log };
}

export async function signalUntilExit(child: ChildProcess): Promise<void> {
  const again = setInterval(() => child.kill("SIGTERM"), 100);
  await once(child, "exit");
  clearInterval(again);
}
