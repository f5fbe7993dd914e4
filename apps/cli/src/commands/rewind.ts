import { setTimeout } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import type { NodeJson } from "@holdfast/protocol/values";
import { type RewindAnswer, rewindAnswer } from "@holdfast/protocol/rewind-routes";
import { printable } from "@holdfast/core/printable";
import type { Output } from "../output/output.ts";
import { count, formatBytes, formatLocalTime, formatNumber, formatTime } from "../output/text.ts";
import { newCommand, missing, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { listedBy } from "./listed-by.ts";
import { momentText } from "./when-text.ts";
import { parseMoment } from "./when.ts";

export const rewindCommand: CommandMaker = (context) => {
  const command = newCommand("rewind", "Return a folder or a file to its state at an earlier time; can be undone", [
    "rewind /Documents --to 2027-01-31T09:00:00Z --dry-run",
    "rewind /Documents --to 2h",
    "rewind undo 01999b1c-83c0-8a5f-9d3c-2f7d0d4a1b2c",
  ])
    .argument("<path>", "folder or file on the server")
    // Required, but not for the subcommand 'undo'.
    .option("--to <time>", momentText)
    .option("--dry-run", "only show what would change")
    .addCommand(undo(context));
  return runs<[string]>(context, command, async (run, path, { to, dryRun }) => {
    const { lookUp } = await import("../remote/look-up.ts");
    if (to === undefined) missing(command, "Specify a time: --to 2027-01-31T09:00:00Z, or --to 2h.");
    const at = parseMoment(String(to));
    const { client } = await run.connect();
    const node = await lookUp(client, path);
    const moment = at(await client.serverNowMs());
    const isDry = dryRun === true;
    const body = { to: moment, dry_run: isDry };
    const given = await client.call("rewind", { params: { id: node.id }, body }).catch((thrown: unknown) => {
      throw withWhen(thrown, node, moment, run.output);
    });
    const answer = await finished(client, given);
    await run.output[isDry ? "result" : "done"](answer, () => [
      ...linesOf(answer, isDry),
      ...(isDry ? ["This was a dry run: nothing was changed."] : undoHint(answer)),
    ]);
  });
};

/** Adds the earliest possible time to the error. */
function withWhen(thrown: unknown, { path, created_at: created }: NodeJson, moment: string, output: Output): unknown {
  if (!(thrown instanceof HoldfastError) || thrown.code !== "invalid_field") return thrown;
  const { earliest } = thrown.body;
  const isKept = typeof earliest !== "string";
  if (isKept && Date.parse(created) <= Date.parse(moment)) return thrown;
  const since = isKept ? created : earliest;
  const shown = output.isTerminal ? formatLocalTime(since, "second") : formatTime(since);
  const { code, field, body } = thrown;
  const why = isKept
    ? `${printable(path)} did not exist at that time: it was created at ${shown}.`
    : `This account can be rewound to ${shown} at the earliest.`;
  const options = { body, cause: thrown, ...(field === undefined ? {} : { field }) };
  return new HoldfastError(code, `${why} The earliest time: --to ${since}`, options);
}

function undo(context: Context) {
  const command = newCommand("undo", "Undo a rewind", ["rewind undo 01999b1c-83c0-8a5f-9d3c-2f7d0d4a1b2c"]).argument(
    "<id>",
    "ID from 'holdfast rewind' or 'holdfast activity'",
  );
  return runs<[string]>(context, command, async (run, id) => {
    const { client } = await run.connect();
    const answer = await finished(client, await listedBy("activity", client.call("undoRewind", { params: { id } })));
    await run.output.done(answer, () => [
      ...(answer.repeated === true ? ["This rewind was already undone. Nothing was changed."] : linesOf(answer)),
      ...undoHint(answer),
    ]);
  });
}

type Client = Awaited<ReturnType<Run["connect"]>>["client"];

const lookAgainMs = 500;

/** The job continues on the server if this command ends. */
async function finished(client: Client, given: RewindAnswer | { job: string }): Promise<RewindAnswer> {
  if (!("job" in given)) return given;
  for (;;) {
    const { state, result } = await client.call("getJob", { params: { id: given.job } });
    if (state === "done") return rewindAnswer.parse(result);
    if (state === "failed") {
      const { detail } = (result ?? {}) as { detail?: unknown };
      const why = typeof detail === "string" ? `: ${detail}` : "";
      throw new HoldfastError("failed", `The server could not finish the rewind${why}. Run the command again.`);
    }
    await setTimeout(lookAgainMs);
  }
}

type Act = RewindAnswer["sample"][number]["act"];

const actWords: Readonly<Record<Act, readonly [done: string, dry: string]>> = {
  restored: ["restored from the trash", "would be restored from the trash"],
  reverted: ["restored to the old content", "would be restored to the old content"],
  trashed: ["moved to the trash", "would move to the trash"],
  moved: ["moved back", "would move back"],
  changed: ["restored to the old time or permissions", "would be restored to the old time or permissions"],
  purged: ["permanently deleted since, cannot be restored", "permanently deleted since, cannot be restored"],
  left: ["not changed", "would not be changed"],
};

/** @param isDry the actions are only planned */
function linesOf(answer: RewindAnswer, isDry = false): string[] {
  const { restored, reverted, trashed, moved, changed, purged, left, bytes, sample } = answer;
  const wordsOf = (act: Act): string => actWords[act][isDry ? 1 : 0];
  const numbers: readonly (readonly [number, string, Act])[] = [
    [restored, "item", "restored"],
    [reverted, "file", "reverted"],
    [trashed, "newer item", "trashed"],
    [moved, "item", "moved"],
    [changed, "file", "changed"],
    [left, "item", "left"],
    [purged, "item", "purged"],
  ];
  const more = numbers.reduce((sum, [number]) => sum + number, 0) - sample.length;
  const summary = numbers.flatMap(([number, noun, act]) =>
    number > 0 ? [`${count(number, noun)} ${wordsOf(act)}`] : [],
  );
  return [
    ...sample.map(({ act, path, to, reason }) => {
      const place = to === undefined ? "" : ` to ${printable(to)}`;
      return `${wordsOf(act)}: ${printable(path)}${place}${reason === undefined ? "" : ` (${reason})`}`;
    }),
    ...(more > 0 ? [`and ${formatNumber(more)} more`] : []),
    ...(summary.length === 0 ? ["Nothing has changed since then."] : summary),
    ...(bytes > 0 ? [`${formatBytes(bytes)} ${isDry ? "would be restored" : "restored"}`] : []),
  ];
}

function undoHint({ rewind_id: id, sample }: RewindAnswer): string[] {
  return id === undefined || sample.length === 0 ? [] : [`To undo it: holdfast rewind undo ${id}`];
}
