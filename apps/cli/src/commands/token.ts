import { type Column, Listing } from "../output/listing.ts";
import { listedBy } from "./listed-by.ts";
import { onlyNamed } from "./only-group.ts";
import { noteEnd } from "./note-end.ts";
import { whenText } from "./when-text.ts";
import { parseEnd } from "./when.ts";
import { parseScope, tokenScopes } from "./scopes.ts";
import { checkTitle, newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Context } from "../output/context.ts";

export const tokenCommand: CommandMaker = (context) =>
  newGroup(
    "token",
    "Personal access tokens for scripts and programs",
    ["token create backup", "token ls"],
    [create(context), list(context), remove(context)],
    list(context),
  );

function create(context: Context) {
  const command = newCommand("create", "Create a token; it is shown only once", [
    "token create backup",
    "token create ci --scopes files:read --expires 30d",
  ])
    .argument("<name>", "name of the token")
    .option("--scopes <list>", `comma-separated: ${tokenScopes.join(", ")}`, "files:read,files:write")
    .option("--expires <when>", whenText);
  return runs<[string]>(context, command, async (run, name, options) => {
    const title = checkTitle(name, "The name");
    const chosen = String(options["scopes"])
      .split(",")
      .map((each) => parseScope(each, tokenScopes));
    const end = options["expires"] === undefined ? undefined : parseEnd(String(options["expires"]));
    const { client, server } = await run.connect();
    const expires = end === undefined ? {} : { expires_at: end(await client.serverNowMs()) };
    const token = await client.call("createToken", { body: { name: title, scopes: chosen, ...expires } });
    await run.output.result(token, () => [token.token]);
    noteEnd(run, token.expires_at);
    if (!run.output.json)
      run.output.note(`Save it now. It is not shown again. Use it with HOLDFAST_SERVER=${server} HOLDFAST_TOKEN=…`);
  });
}

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", shortens: true },
  { title: "SCOPES" },
  { title: "ENDS", word: "expires" },
  { title: "USED", word: "used" },
];

function list(context: Context) {
  const command = newCommand("ls", "List your tokens, without their secrets", ["token ls"]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const page = await client.call("listTokens");
    const listing = new Listing(run.output, columns, "There are no tokens.");
    await run.output.result(page, () =>
      listing.lines(
        page.items.map((token) => [
          token.id,
          token.name,
          token.scopes.join(","),
          `expires ${listing.time(token.expires_at)}`,
          `used ${listing.time(token.last_used_at)}`,
        ]),
      ),
    );
  });
}

function remove(context: Context) {
  const command = newCommand("rm", "Revoke a token immediately", ["token rm 0198…", "token rm backup"]).argument(
    "<token>",
    "name or ID from 'holdfast token ls'",
  );
  return runs<[string]>(context, command, async (run, which) => {
    const { client } = await run.connect();
    const { items } = await client.call("listTokens");
    const id = onlyNamed("tokens", items, which)?.id ?? which;
    await listedBy("token ls", client.call("deleteToken", { params: { id } }));
    await run.output.done({ id, revoked: true }, () => [`revoked ${id}`]);
  });
}
