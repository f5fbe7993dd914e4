import type { NodeJson } from "@holdfast/protocol/values";
import type { PrunedVersionsJson } from "@holdfast/protocol/version-routes";
import { count, formatBytes } from "../output/text.ts";
import { missing, newCommand, parseCount, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const pruneCommand: CommandMaker = (context) => {
  const command = newCommand("prune", "Delete old versions of a file or of all files in a folder; cannot be undone", [
    "versions prune /film.mp4 --keep 3",
    "versions prune / --keep 5 --dry-run",
  ])
    .argument("<path>", "file or folder on the server")
    .option(
      "--keep <n>",
      "number of recent versions to keep of each file, including the current one; labeled versions are also kept",
    )
    .option("--dry-run", "only show what would be deleted")
    .option("--yes", "do not ask");
  return runs<[string]>(context, command, async (run, path, { keep: given, dryRun, yes }) => {
    const [{ lookUp }, { assertConfirmed }] = await Promise.all([
      import("../remote/look-up.ts"),
      import("../invocation/terminal.ts"),
    ]);
    const keep = parseCount(given, "--keep");
    if (keep === undefined) missing(command, "Specify how many versions to keep: --keep N.");
    const { client } = await run.connect();
    const node = await lookUp(client, path);
    const prune = (isDry: boolean) =>
      client.call("pruneVersions", { params: { id: node.id }, body: isDry ? { keep, dry_run: true } : { keep } });
    const planned = await prune(true);
    if (dryRun === true || planned.removed === 0) {
      const { removed, bytes } = planned;
      return run.output.result({ removed, bytes, dry_run: dryRun === true }, () => [
        removed === 0 ? nothingOf(node, keep) : `would delete ${whatOf(node, planned)}, at most ${formatBytes(bytes)}`,
      ]);
    }
    const stays = keep === 1 ? "The current version" : `The newest ${keep}`;
    const question = `Delete ${whatOf(node, planned)} permanently (at most ${formatBytes(planned.bytes)})? ${stays} and those with a label stay.`;
    if (yes !== true) await assertConfirmed(context, question, "Nothing was deleted.");
    const pruned = await prune(false);
    return run.output.done({ ...pruned, dry_run: false }, () => [
      `deleted ${whatOf(node, pruned)}: ${formatBytes(pruned.bytes)} freed`,
    ]);
  });
};

function whatOf({ kind, path }: NodeJson, { removed }: PrunedVersionsJson): string {
  return `${count(removed, "old version")} of ${kind === "folder" ? `files in ${path}` : path}`;
}

function nothingOf({ kind, path }: NodeJson, keep: number): string {
  const subject = kind === "folder" ? `files in ${path} have` : `${path} has`;
  return `Nothing to delete: ${subject} no versions without a label beyond the newest ${keep}.`;
}
