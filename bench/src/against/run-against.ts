import { describeMachine } from "../machine.ts";
import type { Against, Options } from "../options.ts";
import { printFacts } from "../report.ts";
import { writeResults } from "../results.ts";
import { buildApp, checkOut, copyOwn } from "./checkout.ts";
import { measurePairs } from "./measure-pairs.ts";
import { pairTable } from "./pair-table.ts";

/**
 * Measures the code of this folder in pairs with that of a commit, and prints the ratios. The exit code is 1 if the CPU
 * time of a process group is clearly higher (`slower` in ratios.ts), or a row failed.
 */
export async function runAgainst(
  { scale, json }: Options,
  { revision, pairs, names, leftOut }: Against,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal },
): Promise<void> {
  if (leftOut.length > 0)
    process.stdout.write(
      `Not compared: ${leftOut.join(", ")}. These rows run Holdfast's code in the bench's own process, or record no CPU time.\n\n`,
    );
  const old = await checkOut(revision, `${folder}/old`);
  const own = await copyOwn(`${folder}/new`);
  await Promise.all([`${folder}/old`, `${folder}/new`].map(buildApp));
  const launchers = { old: old.launcher, new: own.launcher };
  const { lines, failures } = await measurePairs({ folder, launchers, pairs, names, scale, signal });
  const machine = describeMachine(folder);
  const sides = { old: old.commit, new: own.commit };
  printFacts({ ...machine, ...sides });
  process.stdout.write(`${pairTable(lines).join("\n")}\n`);
  for (const [name, message] of Object.entries(failures)) process.stdout.write(`\n${name} failed: ${message}\n`);
  writeResults(json, machine, { scale, sides, lines, failures });
  const slower = lines.filter(({ verdict }) => verdict === "slower").length;
  if (slower > 0)
    process.stdout.write(`\n${slower} of the CPU times are clearly more than 5 % above those of ${revision}.\n`);
  if (slower > 0 || Object.keys(failures).length > 0) process.exitCode = 1;
}
