import { setTimeout as wait } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { timeFor } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { printable } from "@holdfast/core/printable";
import { count, formatBytes, formatNumber } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

type Shredding = RouteAnswer<typeof routes.adminShredUser>;

/** @param path full name of the command */
export function shredCommand(context: Context, name = "shred", path = "admin shred") {
  const what = "permanently remove an account and everything that belongs to it alone";
  const command = newAdminCommand(
    name,
    name === "rm" ? `P${what.slice(1)}: files, versions, trash, names` : `Same as 'admin users rm': ${what}`,
    [`${path} ann@example.org --dry-run`, `${path} ann@example.org`, `${path} ann@example.org --yes --json`],
  )
    .argument("<account>", "e-mail address of the account, or the ID of one that was removed before")
    .option("--dry-run", "only show what would be removed")
    .option("--yes", "suspend the account if necessary, and do not ask");
  return runs<[string]>(context, command, async (run, account, { data, dryRun, yes }) => {
    if (dryRun === true) return show(run, await ask(run, data, account, true));
    const known = await findShredding(run, data, account);
    if (known === undefined && yes !== true) await confirmed(run, await ask(run, data, account, true));
    if (known === undefined)
      await adminCall(run, data, "adminUpdateUser", { params: { id: account }, body: { disabled: true } });
    const begun = known ?? (await ask(run, data, account, false));
    await show(run, typeof data === "string" ? begun : await waitedFor(run, begun));
  });
}

function ask(run: Run, data: unknown, id: string, dryRun: boolean): Promise<Shredding> {
  return adminCall(run, data, "adminShredUser", { params: { id }, body: { dry_run: dryRun } });
}

async function findShredding(run: Run, data: unknown, id: string): Promise<Shredding | undefined> {
  try {
    return await adminCall(run, data, "adminGetShredding", { params: { id } });
  } catch (error) {
    if (error instanceof HoldfastError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** @throws HoldfastError usage without a terminal; failed if the typed address differs */
async function confirmed(run: Run, planned: Shredding): Promise<void> {
  const { email } = planned;
  if (run.context.stdin.isTTY !== true)
    throw usage(`This permanently removes ${email} and cannot be undone. Without a terminal, use --yes.`);
  for (const line of linesOf(planned, run.output)) run.output.say(line);
  const { ask: askPerson } = await import("../invocation/terminal.ts");
  if ((await askPerson(run.context, "This cannot be undone. Type the address to continue: ")) !== email)
    throw new HoldfastError("failed", "The address does not match. Nothing was changed.");
}

const pollIntervalMs = 500;

async function waitedFor(run: Run, begun: Shredding): Promise<Shredding> {
  let said: string | null = null;
  let now = begun;
  while (now.state !== "done") {
    if (now.waits_for !== null && now.waits_for !== said)
      run.output.note(`waits for ${now.waits_for}; it then continues by itself, even if this command has ended`);
    said = now.waits_for;
    await wait(pollIntervalMs);
    now = await adminCall(run, undefined, "adminGetShredding", { params: { id: begun.user_id } });
  }
  return now;
}

async function show(run: Run, shredding: Shredding): Promise<void> {
  await run.output[shredding.state === "dry_run" ? "result" : "done"](shredding, () => linesOf(shredding, run.output));
}

function linesOf(shredding: Shredding, output: Output): string[] {
  const { state, email, user_id, files, versions, bytes, blocks, packs, shared_with, backup, finished_at } = shredding;
  const what = `${count(files, "file")} in ${count(versions, "version")}, ${formatBytes(bytes)} in ${count(blocks, "block")} of ${count(packs, "pack")}, shared with ${count(shared_with, "recipient")} (people, groups and links)`;
  const head = {
    dry_run: `would remove ${email ?? user_id}: ${what}`,
    running: `is being removed by the server, or will be once it runs: ${email ?? user_id}: ${what}`,
    waiting: `is being removed, and waits for ${shredding.waits_for}: ${email ?? user_id}: ${what}`,
    done: `removed at ${timeFor(output, finished_at)}: account ${user_id}: ${what}`,
  }[state];
  return [head, ...othersLines(shredding), ...backupLines(backup, output)];
}

function othersLines({ files, others }: Shredding): string[] {
  if (others === undefined) return [];
  const { written, lost, receivers, receiver_count: receiverCount, stays } = others;
  const more = receiverCount - receivers.length;
  const names = [...receivers.map(receiverText), ...(more > 0 ? [`${formatNumber(more)} more`] : [])];
  return [
    ...(written.files > 0
      ? [
          `${formatNumber(written.files)} of the ${count(files, "file")} (${formatBytes(written.bytes)}) were last changed by ${count(written.people, "other account")} and would also be removed`,
        ]
      : []),
    ...(receivers.length > 0
      ? [
          `others would lose access to ${count(lost.files, "file")} (${formatBytes(lost.bytes)}) and ${count(lost.folders, "folder")}: ${names.join(", ")}`,
        ]
      : []),
    ...(stays.files > 0
      ? [
          `${count(stays.files, "file")} (${formatBytes(stays.bytes)}) that it wrote to folders of other accounts would stay there`,
        ]
      : []),
  ];
}

function receiverText({ kind, name, email }: NonNullable<Shredding["others"]>["receivers"][number]): string {
  const text = printable(email ?? name ?? "");
  return kind === "group" || kind === "link" ? `${kind} ${text}`.trimEnd() : text;
}

function backupLines(backup: Shredding["backup"], output: Output): string[] {
  if (backup === null)
    return ["Earlier backups, if there are any, still contain the data. This server does not know of any."];
  return [
    `Earlier backups in ${backup.place} still contain the data. The newest one that this server knows of is from ${timeFor(output, backup.consistent_at)}.`,
    `After the removal, 'holdfast admin backup ${backup.place} --keep 1' makes a backup without the data and removes the others. See docs/operation.md, "Account shredding".`,
  ];
}
