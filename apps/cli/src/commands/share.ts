import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import { endFor } from "../output/listing.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import { whenText } from "./when-text.ts";
import { noteLocalLink } from "./local-link.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import { confirmWholeDrive } from "./whole-drive.ts";

export const grantedRoles = ["viewer", "commenter", "editor", "uploader"] as const;
type GrantedRole = (typeof grantedRoles)[number];

/** @throws HoldfastError usage */
export function parseRole(text: string): GrantedRole {
  const role = grantedRoles.find((each) => each === text);
  if (role !== undefined) return role;
  if (text === "owner")
    throw usage(
      "Sharing does not change the owner. To offer the file or folder to a new owner: holdfast transfer PATH --to EMAIL",
    );
  throw usage(`${JSON.stringify(text)} is not a role. Choose viewer, commenter, editor or uploader.`);
}

interface Options {
  readonly with: string;
  readonly role: string;
  readonly expires?: string;
  readonly message?: string;
  readonly yes?: true;
}

export const shareCommand: CommandMaker = (context) => {
  const command = newCommand("share", "Share a file or folder with a person or a group", [
    "share /photos/2026 --with ann@example.com",
    "share /project --with bob@example.com --role editor --expires 30d",
    "share /songs --with Choir --role commenter",
  ])
    .argument("<path>", "file or folder on the server")
    .requiredOption(
      "--with <recipient>",
      "e-mail address (without an account, the person is invited), or name or ID of a group that you are in",
    )
    .option("--role <role>", grantedRoles.join(", "), "viewer")
    .option("--expires <when>", whenText)
    .option("--message <text>", "message to the person")
    .option("--yes", "do not ask before sharing your whole drive");
  return runs<[string, Options]>(context, command, async (run, path, options) => {
    const role = parseRole(options.role);
    const [{ lookUpShared }, { parseEnd }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("./when.ts"),
    ]);
    const end = options.expires === undefined ? undefined : parseEnd(options.expires);
    const { client } = await run.connect();
    const node = await lookUpShared(client, path);
    await confirmWholeDrive(run, node, { readers: options.with, yes: options.yes });
    const { id } = node;
    const expires = end === undefined ? {} : { expires_at: end(await client.serverNowMs()) };
    const earlierEnd = end === undefined ? await endOf(client, id, options.with) : null;
    const permission = await client.call("shareNode", {
      params: { id },
      body: {
        ...(await granteeOf(client, options.with)),
        role,
        ...expires,
        ...(options.message === undefined ? {} : { message: options.message }),
      },
    });
    const invited = permission.grantee.kind === "pending" ? ", who has no account yet" : "";
    const until = permission.expires_at === null ? "" : `, expires ${endFor(run.output, permission.expires_at)}`;
    const link = permission.invitation_url;
    await run.output.done(
      permission,
      () => [`shared ${path} with ${options.with} (${role})${invited}${until}`],
      () =>
        link === undefined
          ? []
          : [`This server sends no e-mail, so send this link yourself. It creates the account: ${link}`],
    );
    const expiry = permission.invitation_expires_at;
    if (expiry !== undefined && !run.output.json)
      run.output.note(`The link works once and expires on ${endFor(run.output, expiry)}.`);
    noteLocalLink(run, link);
    if (permission.grantee.kind === "pending" && link === undefined && !run.output.json) await noteUnsent(run, client);
    if (earlierEnd !== null && permission.expires_at === null && !run.output.json)
      run.output.note(`The earlier expiry (${endFor(run.output, earlierEnd)}) no longer applies.`);
  });
};

/** Reports that no invitation mail is sent. Only administrators get the link. */
async function noteUnsent({ output }: Run, client: ApiClient): Promise<void> {
  // The share exists already, so a failure is ignored.
  const ways = await client.call("readSignInWays").catch(() => undefined);
  if (ways?.mail === false)
    output.note(
      "This server sends no e-mail. An administrator has the invitation link ('holdfast admin unsent-links').",
    );
}

/** Sharing again without an end would remove the existing end. */
async function endOf(client: ApiClient, id: string, whom: string): Promise<string | null> {
  const { permissionOf } = await import("./unshare.ts");
  const { items } = await client.call("listPermissions", { params: { id } });
  return permissionOf(items, whom)?.expires_at ?? null;
}

/** @throws HoldfastError not_found; conflict if several groups have the name */
async function granteeOf(client: ApiClient, whom: string): Promise<{ email: string } | { group_id: string }> {
  if (whom.includes("@")) return { email: whom };
  const [{ allPages, pageItemsMax }, { onlyGroup }] = await Promise.all([
    import("../remote/pages.ts"),
    import("./only-group.ts"),
  ]);
  const mine: { readonly id: string; readonly name: string }[] = [];
  const pages = allPages((cursor) => client.call("listGroups", { query: { cursor, limit: pageItemsMax } }));
  // Administrators see every group, but can share only with their own.
  for await (const page of pages) mine.push(...page.filter(({ role }) => role !== null));
  const group = onlyGroup(mine, whom);
  if (group !== undefined) return { group_id: group.id };
  throw new HoldfastError(
    "not_found",
    `${JSON.stringify(whom)} is neither an e-mail address nor a group that you are in.`,
  );
}
