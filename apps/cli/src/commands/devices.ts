import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { printable } from "@holdfast/core/printable";
import { type Column, Listing, timeFor } from "../output/listing.ts";
import { count } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const devicesCommand: CommandMaker = (context) => {
  const command = newCommand("devices", "List the devices that are signed in, sign one out, or let one go on", [
    "devices",
    "devices rm 0198…",
    "devices resume 0198…",
  ]);
  command.addCommand(runs<[]>(context, newCommand("ls", "The same list", ["devices ls"]), list));
  return runs<[]>(context, command.addCommand(remove(context)).addCommand(resume(context)), list);
};

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME" },
  { title: "SEEN" },
  { title: "KIND" },
  { title: "" },
  { title: "STATE" },
];

async function list(run: Run): Promise<void> {
  const { client } = await run.connect();
  const page = await client.call("listDevices");
  const listing = new Listing(run.output, columns);
  await run.output.result(page, () => [
    ...listing.lines(
      page.items.map((device) => [
        device.id,
        device.name,
        `seen ${listing.time(device.last_seen_at)}`,
        device.browser ? "browser" : "",
        device.current ? "this one" : "",
        device.suspended === null ? "" : "suspended",
      ]),
    ),
    ...page.items.flatMap((device) => suspensionLines(run, device)),
  ]);
}

type Listed = RouteAnswer<(typeof routes)["listDevices"]>["items"][number];

function suspensionLines(run: Run, { id, name, suspended }: Listed): string[] {
  if (suspended === null) return [];
  const { since, rewritten, deleted, command } = suspended;
  const what = `${count(rewritten, "file")} rewritten and ${deleted} ${deleted === 1 ? "file or folder" : "files and folders"} deleted within an hour`;
  return [
    "",
    `${printable(name)} is suspended since ${timeFor(run.output, since)}: ${what}. What it changes stays on it.`,
    ...(command === undefined ? [] : [`To bring back what was before: ${command}`]),
    `To let it go on, from another device: holdfast devices resume ${id}`,
  ];
}

/** What was named is one device, or else what the server says of it. @throws HoldfastError conflict where several have the name */
async function findDevice(client: ApiClient, which: string): Promise<{ readonly id: string; readonly name?: string }> {
  const { items } = await client.call("listDevices");
  const called = items.filter(({ id, name }) => id === which || name === which);
  const [device, ...others] = called;
  if (device === undefined) return { id: which };
  if (others.length === 0) return device;
  const ids = called.map(({ id }) => id).join(", ");
  throw new HoldfastError("conflict", `Several devices are called ${which}: name one by its id (${ids}).`);
}

function named({ id, name }: { readonly id: string; readonly name?: string }): string {
  return name === undefined ? id : `${printable(name)} (${id})`;
}

function remove(context: Context) {
  const command = newCommand("rm", "Sign a device out: its sessions end at once", ["devices rm 0198…"]).argument(
    "<device>",
    "its name, or its id as 'holdfast devices' lists it",
  );
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const device = await findDevice(client, which);
    await client.call("deleteDevice", { params: { id: device.id } });
    await run.output.result({ id: device.id, revoked: true }, () => [`signed out ${named(device)}`]);
  });
}

function resume(context: Context) {
  const command = newCommand("resume", "Let a device go on that the server has suspended; not on that device itself", [
    "devices resume 0198…",
  ]).argument("<device>", "its name, or its id as 'holdfast devices' lists it");
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const device = await findDevice(client, which);
    await client.call("resumeDevice", { params: { id: device.id } });
    await run.output.result({ id: device.id, resumed: true }, () => [
      `${named(device)} may change files again; for an hour nothing of it is counted`,
    ]);
  });
}
