import type { VersionJson } from "@holdfast/protocol/version-routes";
import { type Column, Listing } from "../output/listing.ts";
import type { Output } from "../output/output.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { diffCommand } from "./versions-diff.ts";
import { labelCommand } from "./versions-label.ts";
import { pruneCommand } from "./versions-prune.ts";

export const versionsCommand: CommandMaker = (context) => {
  const command = newCommand("versions", "List the versions of a file, newest first; label, compare or delete them", [
    "versions /report.odt",
    'versions label /report.odt 3 "as sent to print"',
    "versions diff /notes.txt",
    "versions prune /film.mp4 --keep 3",
  ])
    .argument("<path>", "file on the server")
    .addCommand(labelCommand(context))
    .addCommand(diffCommand(context))
    .addCommand(pruneCommand(context));
  return runs<[string]>(context, command, async (run, path) => {
    const [{ lookUpFile }, { allPages, pageItemsMax }] = await Promise.all([
      import("../remote/look-up.ts"),
      import("../remote/pages.ts"),
    ]);
    const { client } = await run.connect();
    const { id } = await lookUpFile(client, path);
    const pages = allPages((cursor) =>
      client.call("listVersions", { params: { id }, query: { cursor, limit: pageItemsMax } }),
    );
    const listing = new Listing(run.output, columns, "There are no versions.");
    await run.output.listing(withDevices(pages), (items) =>
      listing.lines(items.map((version) => cellsOf(version, listing, run.output))),
    );
  });
};

const columns: readonly Column[] = [
  { title: "VERSION", right: true },
  { title: "SIZE", right: true },
  { title: "MADE" },
  { title: "BY", shortens: true },
  { title: "DEVICE", shortens: true },
  { title: "LABEL", shortens: true },
];

/** `device` is null for another person's device. */
type Shown = VersionJson & { readonly device: string | null };

async function* withDevices(pages: AsyncIterable<VersionJson[]>): AsyncGenerator<Shown[]> {
  for await (const page of pages)
    yield page.map((version) => Object.assign(version, { device: version.device_name ?? null }));
}

function cellsOf(version: Shown, listing: Listing, { isTerminal }: Output): string[] {
  const { number, size, created_at, author, device, label = "" } = version;
  const made = [String(number), listing.size(size), listing.time(created_at), author.name];
  // Outside of a terminal, the device is last, because it was added later and scripts count columns.
  return isTerminal ? [...made, device ?? "-", label] : [...made, label === "" ? "-" : label, device ?? "-"];
}
