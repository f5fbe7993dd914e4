import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import { type Column, Listing } from "../output/listing.ts";
import { checkTitle, newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Context } from "../output/context.ts";
import { listedBy } from "./listed-by.ts";
import { onlyNamed } from "./only-group.ts";
import { noteEnd } from "./note-end.ts";
import { whenText } from "./when-text.ts";
import { parseEnd } from "./when.ts";
import { addProof, type ProofOptions, withCode } from "./second-factor.ts";

type Token = RouteAnswer<(typeof routes)["listTokens"]>["items"][number];

export const appPasswordsCommand: CommandMaker = (context) =>
  newGroup(
    "app-passwords",
    "App passwords, for programs that only support a name and a password",
    ["app-passwords add camera --folder /Photos", "app-passwords ls"],
    [add(context), list(context), remove(context)],
    list(context),
  );

interface AddOptions extends ProofOptions {
  readonly folder?: string;
  readonly readOnly?: boolean;
  readonly expires?: string;
}

function add(context: Context) {
  const command = newCommand("add", "Create an app password; it is shown once and needs no second factor", [
    "app-passwords add camera --folder /Photos",
    "app-passwords add tv --read-only --expires 90d",
  ])
    .argument("<name>", "name of the program that will use it")
    .option("--folder <path>", "limit the program to this folder on the server")
    .option("--read-only", "read-only access")
    .option("--expires <when>", whenText);
  return runs<[string]>(context, addProof(command), async (run, name, options: AddOptions) => {
    const title = checkTitle(name, "The name");
    const end = options.expires === undefined ? undefined : parseEnd(options.expires);
    const { client, server } = await run.connect();
    const expires = end === undefined ? {} : { expires_at: end(await client.serverNowMs()) };
    const folder = options.folder === undefined ? {} : { folder_id: await idOf(client, options.folder) };
    const asked = { name: title, scopes: scopesOf(options), ...expires, ...folder };
    const made = await withCode(run, options, (proof) =>
      client.call("createAppPassword", { body: { ...asked, ...proof }, asksOnce: true }),
    );
    await run.output.result(made, () => [made.app_password]);
    noteEnd(run, made.expires_at);
    if (!run.output.json) {
      const account = await client.call("getAccount");
      run.output.note(`Save it now. It is not shown again. Use it with the name ${account.email} at ${server}.`);
    }
  });
}

function scopesOf({ readOnly }: AddOptions): ("files:read" | "files:write")[] {
  return readOnly === true ? ["files:read"] : ["files:read", "files:write"];
}

async function idOf(client: ApiClient, path: string): Promise<string> {
  const { lookUp } = await import("../remote/look-up.ts");
  return (await lookUp(client, path)).id;
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", shortens: true },
  { title: "MAY" },
  { title: "FOLDER", shortens: true },
  { title: "ENDS", word: "expires" },
  { title: "USED", word: "used" },
];

function list(context: Context) {
  const command = newCommand("ls", "List your app passwords", ["app-passwords ls"]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const page = await client.call("listTokens");
    const items = page.items.filter(({ kind }) => kind === "app_password");
    const paths = new Map<string, string>();
    for (const { folder_id: id } of items) if (id !== null) paths.set(id, await pathOf(client, id));
    const listing = new Listing(run.output, columns, "There are no app passwords.");
    await run.output.result({ ...page, items }, () =>
      listing.lines(items.map((each) => cellsOf(each, paths, listing))),
    );
  });
}

async function pathOf(client: ApiClient, id: string): Promise<string> {
  try {
    return (await client.call("getNode", { params: { id } })).path;
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "not_found") return id;
    throw thrown;
  }
}

function cellsOf(token: Token, paths: ReadonlyMap<string, string>, listing: Listing): string[] {
  const { permission_id: permission, folder_id: folder } = token;
  const ended = permission === null ? "all files" : "nothing: its permission was removed";
  return [
    token.id,
    token.name,
    token.scopes.includes("files:write") ? "reads and writes" : "reads",
    folder === null ? ended : (paths.get(folder) ?? folder),
    `expires ${listing.time(token.expires_at)}`,
    `used ${listing.time(token.last_used_at)}`,
  ];
}

function remove(context: Context) {
  const command = newCommand("rm", "Revoke an app password immediately", [
    "app-passwords rm 0198…",
    "app-passwords rm camera",
  ]).argument("<app-password>", "name or ID from 'holdfast app-passwords ls'");
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const { items } = await client.call("listTokens");
    const passwords = items.filter(({ kind }) => kind === "app_password");
    const id = onlyNamed("app passwords", passwords, which)?.id ?? which;
    await listedBy("app-passwords ls", client.call("deleteToken", { params: { id } }));
    await run.output.done({ id, revoked: true }, () => [`revoked ${id}`]);
  });
}
