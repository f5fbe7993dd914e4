import { setTimeout } from "node:timers/promises";
import { HoldfastError } from "@holdfast/core/errors";
import { type TransferJson, transferred } from "@holdfast/protocol/transfer-routes";
import { printable } from "@holdfast/core/printable";
import { type Column, Listing } from "../output/listing.ts";
import { count, formatBytes } from "../output/text.ts";
import { newCommand, missing, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Context } from "../output/context.ts";

export const transferCommand: CommandMaker = (context) => {
  const command = newCommand("transfer", "Transfer a file or folder to another owner, who has to accept", [
    "transfer /Projects --to anna@example.com",
    "transfer ls",
    "transfer accept 01999b1c-83c0-8a5f-9d3c-2f7d0d4a1b2c",
  ])
    .argument("<path>", "folder or file on the server")
    // Required, but not for the subcommands.
    .option("--to <email>", "e-mail address of the new owner")
    .addCommand(list(context))
    .addCommand(accept(context))
    .addCommand(cancel(context));
  return runs<[string]>(context, command, async (run, path, { to }) => {
    const { lookUp } = await import("../remote/look-up.ts");
    if (to === undefined) missing(command, "Specify the new owner: --to EMAIL.");
    const { client } = await run.connect();
    const { id } = await lookUp(client, path);
    const transfer = await client.call("transferNode", { params: { id }, body: { email: String(to) } });
    await run.output.done(transfer, () => [
      `offered to ${printable(transfer.to.email)}, who accepts it with: holdfast transfer accept ${transfer.id}`,
    ]);
  });
};

const columns: readonly Column[] = [
  { title: "STATE" },
  { title: "FROM", shortens: true },
  { title: "TO", shortens: true },
  { title: "WHAT", shortens: true },
  { title: "ID" },
];

function list(context: Context) {
  const command = newCommand("ls", "List transfers offered by you or to you", ["transfer ls"]);
  return runs<[]>(context, command, async (run) => {
    const { allPages } = await import("../remote/pages.ts");
    const { client } = await run.connect();
    const pages = allPages((cursor) => client.call("listTransfers", { query: { cursor } }));
    const listing = new Listing(run.output, columns, "There are no transfers.");
    await run.output.listing(pages, (items) => listing.lines(items.map(cellsOf)));
  });
}

function cellsOf({ id, node, from, to, state }: TransferJson): string[] {
  const name = node.kind === "folder" ? `${node.name}/` : node.name;
  return [state, from.email, to.email, name, id];
}

const lookAgainMs = 500;

function accept(context: Context) {
  const command = newCommand("accept", "Accept a transfer and become the owner", [
    "transfer accept 01999b1c-83c0-8a5f-9d3c-2f7d0d4a1b2c",
  ]).argument("<id>", "ID from 'holdfast transfer ls'");
  return runs<[string]>(context, command, async (run, id) => {
    const { client } = await run.connect();
    const { job } = await client.call("acceptTransfer", { params: { id } });
    // The server continues even if this command ends.
    for (;;) {
      const { state, result } = await client.call("getJob", { params: { id: job } });
      if (state === "done") {
        const came = transferred.parse(result);
        const { name, files, folders, bytes } = came;
        const what = `${count(files, "file")} in ${count(folders, "folder")}, ${formatBytes(bytes)}`;
        return run.output.done(came, () => [`/${printable(name)} is yours: ${what}`]);
      }
      if (state === "failed") {
        const { detail } = (result ?? {}) as { detail?: unknown };
        const why = typeof detail === "string" ? `: ${detail}` : "";
        throw new HoldfastError("failed", `The server could not finish the transfer${why} You can accept it again.`);
      }
      await setTimeout(lookAgainMs);
    }
  });
}

function cancel(context: Context) {
  const command = newCommand("cancel", "Cancel your offer, or decline an offer", [
    "transfer cancel 01999b1c-83c0-8a5f-9d3c-2f7d0d4a1b2c",
  ]).argument("<id>", "ID from 'holdfast transfer ls'");
  return runs<[string]>(context, command, async (run, id) => {
    const { client } = await run.connect();
    await client.call("deleteTransfer", { params: { id } });
    await run.output.done({ id }, () => [`withdrawn ${id}`]);
  });
}
