import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { printable } from "@holdfast/core/printable";
import { type Column, Listing, timeFor } from "../output/listing.ts";
import { count, formatNumber, formatTime } from "../output/text.ts";
import { assertConfirmed } from "../invocation/terminal.ts";
import { newCommand, runs } from "./command.ts";
import { withIdStart } from "./id-start.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

export const devicesCommand: CommandMaker = (context) => {
  const command = newCommand("devices", "List your devices, sign one out, or resume a suspended one", [
    "devices",
    "devices rm 0198…",
    "devices resume 0198…",
  ]);
  command.addCommand(runs<[]>(context, newCommand("ls", "List your devices", ["devices ls"]), list));
  return runs<[]>(context, command.addCommand(remove(context)).addCommand(resume(context)), list);
};

const deviceWords = "name or ID from 'holdfast devices', or the first characters of the ID";

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", shortens: true },
  { title: "SEEN", word: "seen" },
  { title: "KIND" },
  { title: "SYSTEM" },
  { title: "ADDRESS" },
  { title: "SIGNED IN", word: "signed in" },
  { title: "BY" },
  { title: "" },
  { title: "STATE" },
];

const shown: Readonly<Record<SignInKind, string>> = {
  password: "password",
  password_app: "password, app",
  password_passkey: "password, passkey",
  password_recovery_code: "password, recovery code",
  passkey: "passkey",
  outside: "another service",
  browser: "browser",
};

async function list(run: Run): Promise<void> {
  const { client } = await run.connect();
  const page = await client.call("listDevices");
  const listing = new Listing(run.output, columns, "There are no devices.");
  await run.output.result(page, () => [
    ...listing.lines(
      page.items.map((device) => [
        device.id,
        device.name,
        `seen ${listing.time(device.last_seen_at)}`,
        device.kind ?? (device.browser ? "browser" : ""),
        device.system ?? "",
        [device.address, device.country].filter((each) => each !== null).join(" "),
        `signed in ${listing.time(device.created_at)}`,
        device.signed_in_by === null ? "" : shown[device.signed_in_by],
        device.current ? "this one" : "",
        device.suspended === null ? "" : "suspended",
      ]),
    ),
    ...page.items.flatMap((device) => suspensionLines(run, device)),
    ...clearingLines(run, page),
  ]);
}

type Listed = RouteAnswer<(typeof routes)["listDevices"]>["items"][number];

function suspensionLines(run: Run, { id, name, suspended }: Listed): string[] {
  if (suspended === null) return [];
  const { since, rewritten, deleted, command } = suspended;
  const what = `${count(rewritten, "file")} rewritten and ${formatNumber(deleted)} ${deleted === 1 ? "file or folder" : "files and folders"} deleted within an hour`;
  return [
    "",
    `${printable(name)} has been suspended since ${timeFor(run.output, since)}: ${what}. Its changes stay on the device.`,
    ...(command === undefined ? [] : [`To restore the earlier files: ${command}`]),
    `To resume it, from another device: holdfast devices resume ${id}`,
  ];
}

type Devices = RouteAnswer<(typeof routes)["listDevices"]>;
type Clearing = Devices["clearings"][number];

function clearingLines(run: Run, { clearings, signed_out: signedOut }: Devices): string[] {
  if (clearings.length + signedOut.length === 0) return [];
  return [
    "",
    ...clearings.map((each) => `signed out: ${printable(each.name)} (${each.device_id}), ${copiesOf(run, each)}`),
    ...signedOut.map(
      ({ name, device_id: id, at }) =>
        `signed out: ${printable(name)} (${id}), ${timeFor(run.output, at)}; its copies are still there`,
    ),
    ...(signedOut.length === 0 ? [] : [copiesAdvice("ID")]),
  ];
}

function copiesAdvice(id: string): string {
  return `To remove its copies of files that are on the server: holdfast devices rm ${id} --remove-copies`;
}

function copiesOf(run: Run, { asked_at: asked, done_at: done, removed, kept }: Clearing): string {
  if (done === null) return `copies: removal requested ${timeFor(run.output, asked)}, not done yet`;
  return `copies: removed ${timeFor(run.output, done)}, ${count(removed, "file")}; ${formatNumber(kept)} kept`;
}

interface FoundDevice {
  readonly id: string;
  readonly name?: string;
  readonly current?: boolean;
  readonly browser?: boolean;
  readonly last_seen_at?: string | null;
  readonly address?: string | null;
  readonly isSignedOut?: true;
  /** Signed out, and asked to remove its copies. */
  readonly isAsked?: true;
}

/** @throws HoldfastError not_found; conflict if several match */
async function findDevice(client: ApiClient, which: string): Promise<FoundDevice> {
  const { items, signed_out: signedOut, clearings } = await client.call("listDevices");
  const ended = signedOut.map(({ device_id: id, name }) => ({ id, name, isSignedOut: true }) as const);
  const asked = clearings.map(({ device_id: id, name }) => ({ id, name, isAsked: true }) as const);
  const found = [items, ended, asked]
    .map((devices) => matching<FoundDevice>(devices, which))
    .find(({ length }) => length > 0);
  const [device, ...others] = found ?? [];
  if (device === undefined)
    throw new HoldfastError("not_found", `There is no device ${which}. 'holdfast devices' lists your devices.`);
  if (others.length === 0) return device;
  const ids = [device, ...others].map(describeDevice).join(", ");
  throw new HoldfastError("conflict", `${which} matches several devices: specify one by its ID: ${ids}.`);
}

/** Returns the ID of a device, with facts that distinguish it from others of the same name. */
function describeDevice({ id, current, last_seen_at: seen, address }: FoundDevice): string {
  const facts = [
    ...(current === true ? ["this device"] : []),
    ...(seen === undefined ? [] : [`seen ${formatTime(seen)}`]),
    ...(typeof address === "string" ? [`from ${address}`] : []),
  ];
  return facts.length === 0 ? id : `${id} (${facts.join(", ")})`;
}

/** Matches the id, otherwise the name, otherwise the start of the id. */
function matching<Device extends FoundDevice>(devices: readonly Device[], which: string): readonly Device[] {
  const ways = [
    devices.filter(({ id }) => id === which),
    devices.filter(({ name }) => name === which),
    withIdStart(devices, ({ id }) => id, which),
  ];
  return ways.find(({ length }) => length > 0) ?? [];
}

function named({ id, name, current }: FoundDevice): string {
  const device = name === undefined ? id : `${printable(name)} (${id})`;
  return current === true ? `${device}, which is this device` : device;
}

function remove(context: Context) {
  const command = newCommand(
    "rm",
    "Sign a device out immediately; for a lost device, add --remove-copies, even if it is already signed out",
    ["devices rm 0198…", "devices rm laptop --remove-copies"],
  )
    .argument("<device>", deviceWords)
    .option(
      "--remove-copies",
      "once it connects, delete the files in its synced folders that the server also has; other files are kept",
    )
    .option("-y, --yes", "do not ask");
  return runs<[string]>(context, command, async (run, which, { removeCopies, yes }) => {
    const { client } = await run.connect();
    const device = await findDevice(client, which);
    const isAsked = removeCopies === true;
    if (device.isAsked === true)
      throw new HoldfastError(
        "conflict",
        `${named(device)} is signed out already, and was asked to remove its copies. 'holdfast devices' shows what it has removed.`,
      );
    if (device.isSignedOut === true && !isAsked)
      throw new HoldfastError("conflict", `${named(device)} is signed out already. ${copiesAdvice(device.id)}`);
    if (yes !== true && run.context.stdin.isTTY === true) await assertMeant(run, device, isAsked);
    const query = isAsked ? { query: { remove_copies: "true" as const } } : {};
    await client.call("deleteDevice", { params: { id: device.id }, ...query });
    await run.output.done({ id: device.id, revoked: true, ...(isAsked ? { remove_copies: true } : {}) }, () => [
      device.isSignedOut === true ? `${named(device)} was signed out before` : `signed out ${named(device)}`,
      ...(isAsked
        ? [
            "The next time it connects, it removes its copies of files that are on the server. 'holdfast devices' shows when this was done.",
          ]
        : keptLines(device)),
    ]);
  });
}

function keptLines({ id, browser, current }: FoundDevice): string[] {
  return browser === true || current === true ? [] : [`Its synced folders keep their files. ${copiesAdvice(id)}`];
}

/** @throws HoldfastError failed if the answer is no */
async function assertMeant(run: Run, device: FoundDevice, removesCopies: boolean): Promise<void> {
  const copies = "delete its copies of files that are on the server";
  const question =
    device.isSignedOut === true
      ? `${named(device)} is signed out. Have it ${copies}?`
      : `Sign out ${named(device)}${removesCopies ? ` and ${copies}` : ""}?`;
  await assertConfirmed(run.context, question, "Nothing was signed out.");
}

function resume(context: Context) {
  const command = newCommand("resume", "Resume a device that the server suspended; run this on another device", [
    "devices resume 0198…",
  ]).argument("<device>", deviceWords);
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const device = await findDevice(client, which);
    await client.call("resumeDevice", { params: { id: device.id } });
    await run.output.done({ id: device.id, resumed: true }, () => [
      `${named(device)} can change files again; its changes are not counted for an hour`,
    ]);
  });
}
