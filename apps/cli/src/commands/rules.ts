import { existsSync } from "node:fs";
import { HoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { KnownSync } from "../sync/known-syncs.ts";
import type { HeldRules } from "../sync/shown-rules.ts";
import { assertConfirmed } from "../invocation/terminal.ts";
import { newCommand, runs, unknownCommand } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

export const rulesCommand: CommandMaker = (context) => {
  const command = newCommand("rules", "Rules of .holdfastignore from another account that need your approval", [
    "rules",
    "rules ~/Drive",
    "rules approve ~/Drive",
    "rules reject ~/Drive",
  ]).argument("[folder]", folderText);
  command.addCommand(decide(context, "approve", "Apply the waiting rules on this device"));
  command.addCommand(decide(context, "reject", "Restore the previous rules in .holdfastignore, for all devices"));
  command.hook("preAction", (_, acting) => {
    const [folder] = acting.args;
    if (acting === command && folder !== undefined && !folder.includes("/") && !existsSync(folder))
      unknownCommand(command);
  });
  return runs<[string | undefined]>(context, command, async (run, folder) => {
    const waiting = await find(run, folder);
    await run.output.result({ items: waiting.map(itemOf), next_cursor: null }, () => waiting.flatMap(linesOf));
    run.output.note(
      waiting.length === 0
        ? noneText
        : "To make them active on this device: holdfast rules approve. To restore the previous rules: holdfast rules reject.",
    );
  });
};

const folderText = "synced folder; default is all";
const noneText = "No rules are waiting.";

interface Waiting {
  readonly sync: KnownSync;
  readonly held: HeldRules;
  /** Unified diff from the previous rules to the waiting ones. */
  readonly difference: readonly string[];
}

async function find(run: Run, folder: string | undefined): Promise<Waiting[]> {
  const [{ thisConfigFolder }, { chooseSyncs }, { heldRulesOf }, { lineDifference }] = await Promise.all([
    import("../config/connection.ts"),
    import("../sync/choose-syncs.ts"),
    import("../sync/shown-rules.ts"),
    import("../compare/line-difference.ts"),
  ]);
  const syncs = await chooseSyncs(thisConfigFolder(run.context.environment), folder);
  return syncs.flatMap((sync) => {
    const held = heldRulesOf(sync);
    if (held === undefined) return [];
    const { lines } = lineDifference(Buffer.from(held.former), Buffer.from(held.text));
    return [{ sync, held, difference: lines }];
  });
}

function itemOf({ sync, held, difference }: Waiting) {
  const { by = null, hash, lines, isInForce = false } = held;
  return { root: sync.record.root, by, rules: lines, in_force: isInForce, hash, difference };
}

function linesOf({ sync, held: { by, lines }, difference }: Waiting): string[] {
  const who = by === undefined ? "an unknown account (perhaps your own)" : printable(by);
  const what = lines === 0 ? "removed or emptied" : "written";
  return [
    `${printable(sync.record.root)}/.holdfastignore: ${what} by ${who}`,
    "--- before",
    "+++ waiting",
    ...difference.map(printable),
  ];
}

function decide(context: Context, action: "approve" | "reject", summary: string) {
  const command = newCommand(action, summary, [`rules ${action}`, `rules ${action} ~/Drive`])
    .argument("[folder]", folderText)
    .option("-y, --yes", "do not ask");
  return runs<[string | undefined]>(context, command, async (run, folder, { yes }) => {
    const waiting = await find(run, folder);
    if (waiting.length === 0) throw new HoldfastError("failed", noneText);
    if (run.context.stdin.isTTY === true && yes !== true) await assertMeant(run, action, waiting);
    for (const each of waiting) await (action === "approve" ? approve(run, each) : reject(run, each));
    const verb = action === "approve" ? "approved" : "rejected";
    await run.output.done({ items: waiting.map(itemOf), next_cursor: null }, () =>
      waiting.map(({ sync }) => `${printable(sync.record.root)}/.holdfastignore: ${verb}`),
    );
  });
}

/** @throws HoldfastError failed if the answer is no */
async function assertMeant(run: Run, action: "approve" | "reject", waiting: readonly Waiting[]): Promise<void> {
  for (const line of waiting.flatMap(linesOf)) run.output.say(line);
  const question =
    action === "approve"
      ? "Make these rules active on this device?"
      : "Restore the previous rules in the file, for all devices?";
  await assertConfirmed(run.context, question, "Nothing was changed. They are still waiting.");
}

async function approve(run: Run, { sync, held: { hash } }: Waiting): Promise<void> {
  const { sendToRunning } = await import("../sync/control-client.ts");
  if ((await sendToRunning(sync, "rules/approve", { hash })) !== undefined) return;
  const [{ changeState }, { approveRules }] = await Promise.all([
    import("../sync/stopped-state.ts"),
    import("@holdfast/sync/state/waiting-rules"),
  ]);
  if (!(await changeState(sync, (state) => approveRules(state, hash))))
    throw new HoldfastError(
      "conflict",
      "The rules have changed since they were shown. Review them again: holdfast rules",
    );
  const { nextRun } = await import("../sync/last-status.ts");
  run.output.note(nextRun(sync.record.root, "applies the answer"));
}

async function reject(run: Run, { sync, held }: Waiting): Promise<void> {
  const { rejectRules } = await import("../sync/reject-rules.ts");
  const { client } = await run.connect();
  await rejectRules(sync, held, client);
}
