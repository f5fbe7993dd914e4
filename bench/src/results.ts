import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Machine } from "./machine.ts";

/** Writes JSON. @param file default: the time of the run, in `bench/results` */
export function writeResults(file: string | undefined, machine: Machine, results: object): void {
  const folder = fileURLToPath(new URL("../results", import.meta.url));
  mkdirSync(folder, { recursive: true });
  const path = file ?? `${folder}/${machine.at.replaceAll(":", "-")}.json`;
  writeFileSync(path, `${JSON.stringify({ machine, ...results }, undefined, 2)}\n`);
  process.stdout.write(`\nwritten to ${path}\n`);
}
