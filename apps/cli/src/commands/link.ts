import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { RouteBodyInput, routes } from "@holdfast/protocol/routes";
import type { PermissionJson } from "@holdfast/protocol/sharing-routes";
import { type Column, Listing } from "../output/listing.ts";
import { count, formatNumber } from "../output/text.ts";
import { readId } from "../remote/remote-path.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { whenText } from "./when-text.ts";
import { parseEnd } from "./when.ts";
import { withIdStart } from "./id-start.ts";
import { listedBy } from "./listed-by.ts";
import { noteEnd } from "./note-end.ts";
import { noteLocalLink } from "./local-link.ts";
import { confirmWholeDrive } from "./whole-drive.ts";

type LinkFields = RouteBodyInput<typeof routes.shareNode>;

interface LinkOptions {
  readonly role?: string;
  readonly expires?: string;
  readonly maxDownloads?: string;
  readonly passwordStdin?: true;
  readonly name?: string;
  readonly yes?: true;
}

export const linkCommand: CommandMaker = (context) => {
  const command = newCommand("link", "Create a link to a file or folder that anyone with the link can open", [
    "link /photos/2026",
    "link /report.odt --expires 7d --max-downloads 3",
    "link /inbox --role uploader --password-stdin < password.txt",
    "link ls /photos/2026",
  ])
    .argument("<path>", "file or folder on the server")
    .option("--role <role>", "viewer, editor, or uploader (can add files to a folder, but not see any); default viewer")
    .option("--expires <when>", whenText)
    .option("--max-downloads <number>", "maximum number of downloads")
    .option("--password-stdin", "protect the link with a password, read from the first line of standard input")
    .option("--name <name>", "label of the link")
    .option("--yes", "do not ask before sharing your whole drive");
  command.addCommand(list(context)).addCommand(show(context)).addCommand(remove(context));
  return runs<[string]>(context, command, async (run, path, options: LinkOptions) => {
    const { lookUpShared } = await import("../remote/look-up-shared.ts");
    const end = options.expires === undefined ? undefined : parseEnd(options.expires);
    const body = await fieldsOf(context, options);
    const { client } = await run.connect();
    const node = await lookUpShared(client, path);
    await confirmWholeDrive(run, node, { readers: "everyone who has the link", yes: options.yes });
    const { id } = node;
    const expires = end === undefined ? {} : { expires_at: end(await client.serverNowMs()) };
    const made = await client.call("shareNode", { params: { id }, body: { ...body, ...expires } });
    await run.output.result(made, () => [made.url ?? ""]);
    noteEnd(run, made.expires_at);
    noteLocalLink(run, made.url);
  });
};

export const linkRoles = ["viewer", "editor", "uploader"] as const;

function isLinkRole(role: string): role is (typeof linkRoles)[number] {
  return linkRoles.some((each) => each === role);
}

async function fieldsOf(context: Context, options: LinkOptions): Promise<LinkFields> {
  const { role = "viewer", maxDownloads, passwordStdin, name } = options;
  if (!isLinkRole(role)) {
    throw usage(`${role} is not a role for links. Choose viewer, editor or uploader.`);
  }
  if (maxDownloads !== undefined && !/^[1-9]\d{0,8}$/.test(maxDownloads)) {
    throw usage(`${maxDownloads} is not a valid number of downloads.`);
  }
  const { firstLine } = await import("../invocation/terminal.ts");
  const password = passwordStdin === true ? await firstLine(context.stdin) : undefined;
  return {
    link: true,
    role,
    ...(maxDownloads === undefined ? {} : { max_downloads: Number(maxDownloads) }),
    ...(password === undefined ? {} : { password }),
    ...(name === undefined ? {} : { name }),
  };
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "ROLE" },
  { title: "NAME", shortens: true },
  { title: "PATH", shortens: true },
  { title: "ENDS", word: "until" },
  { title: "DOWNLOADS", word: "downloads" },
  { title: "USED", word: "used" },
  { title: "STATE" },
];

function list(context: Context) {
  const command = newCommand("ls", "List links to a file or folder, or all your links", [
    "link ls",
    "link ls /photos",
  ]).argument("[path]", "file or folder on the server");
  return runs<[string | undefined]>(context, command, async (run, path) => {
    const { client } = await run.connect();
    const links = path === undefined ? await allLinks(client) : await linksAt(run, path);
    const listing = new Listing(run.output, columns, "There are no links.");
    await run.output.result({ items: links.map(({ permission }) => permission) }, () =>
      listing.lines(
        links.map(({ path: at, permission }) => [
          permission.id,
          permission.role,
          permission.grantee.name ?? "",
          at,
          permission.expires_at === null ? "" : `until ${listing.time(permission.expires_at)}`,
          downloadsOf(permission),
          permission.last_used_at == null ? "" : `used ${listing.time(permission.last_used_at)}`,
          stateOf(permission),
        ]),
      ),
    );
  });
}

function downloadsOf({
  downloads = 0,
  max_downloads: most,
}: {
  downloads?: number | undefined;
  max_downloads?: number | null | undefined;
}) {
  if (most != null) return `${formatNumber(downloads)} of ${count(most, "download")}`;
  // Devices fetch blocks, which are not counted as downloads, so 0 is not meaningful.
  return downloads === 0 ? "" : count(downloads, "download");
}

export function stateOf({ has_password: hasPassword, disabled }: PermissionJson): string {
  return [
    ...(hasPassword === true ? ["with a password"] : []),
    ...(disabled === true ? ["disabled by an administrator"] : []),
  ].join(", ");
}

/** App passwords are excluded: 'holdfast app-passwords' lists and revokes them. */
function isLink({ grantee, app: isOfApp }: PermissionJson): boolean {
  return grantee.kind === "link" && isOfApp !== true;
}

async function linksAt(run: Run, path: string) {
  const { lookUpGranted } = await import("../remote/look-up-shared.ts");
  const { client } = await run.connect();
  const node = await lookUpGranted(client, path, run.output);
  const { items } = await client.call("listPermissions", { params: { id: node.id } });
  return items
    .filter((permission) => isLink(permission) && permission.inherited_from === undefined)
    .map((permission) => ({ path: node.path, permission }));
}

async function allLinks(client: ApiClient) {
  const { allPages } = await import("../remote/pages.ts");
  const links = [];
  for await (const shared of allPages((cursor) => client.call("listSharedByMe", { query: { cursor } }))) {
    const ofLinks = shared.filter(({ permission }) => isLink(permission));
    links.push(...ofLinks.map(({ node, permission }) => ({ path: node.path, permission })));
  }
  return links;
}

/** @throws HoldfastError not_found; conflict if several links match */
async function findLink(client: ApiClient, which: string): Promise<string> {
  const [first, ...others] = withIdStart(await allLinks(client), ({ permission }) => permission.id, which);
  if (first === undefined)
    throw new HoldfastError("not_found", `There is no link ${which}. 'holdfast link ls' lists the IDs.`);
  if (others.length > 0)
    throw new HoldfastError("conflict", `${which} matches several links: use more characters of the ID.`);
  return first.permission.id;
}

const idArgument = ["<id>", "ID from 'holdfast link ls', or its first characters"] as const;

function show(context: Context) {
  const command = newCommand("show", "Print the address of a link again", ["link show 0198…"]).argument(...idArgument);
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const id = readId(which) ?? (await findLink(client, which));
    const link = await listedBy("link ls", client.call("readLinkAddress", { params: { id } }));
    await run.output.result({ id, ...link }, () => [link.url]);
    noteLocalLink(run, link.url);
  });
}

function remove(context: Context) {
  const command = newCommand("rm", "Revoke a link immediately", ["link rm 0198…"]).argument(...idArgument);
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const id = readId(which) ?? (await findLink(client, which));
    await listedBy("link ls", client.call("deletePermission", { params: { id } }));
    await run.output.done({ id, removed: true }, () => [`revoked ${id}`]);
  });
}
