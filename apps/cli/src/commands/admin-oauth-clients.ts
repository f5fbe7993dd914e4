import type { ProgramScope } from "@holdfast/protocol/scopes";
import { type Column, Listing } from "../output/listing.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { checkTitle, newGroup, runs } from "./command.ts";
import type { Context } from "../output/context.ts";
import { listedBy } from "./listed-by.ts";
import { parseScope, programScopes } from "./scopes.ts";

export function oauthClientsCommand(context: Context) {
  return newGroup(
    "oauth-clients",
    "Programs that people can authorize or sign in to (OpenID Connect)",
    ["admin oauth-clients add Reader --redirect-uri https://reader.example/back", "admin oauth-clients ls"],
    [add(context), list(context), remove(context)],
    list(context),
  );
}

interface AddOptions {
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly public?: boolean;
  readonly scopes?: string;
  readonly data?: string;
}

function add(context: Context) {
  const command = newAdminCommand("add", "Register a program; its secret is shown only once", [
    "admin oauth-clients add Reader --redirect-uri https://reader.example/back",
    "admin oauth-clients add Sketcher --public --redirect-uri http://127.0.0.1/back --scopes files:read,files:write",
  ])
    .argument("<name>", "name that people see")
    .option(
      "--redirect-uri <uri...>",
      "address that browsers are redirected to; none for a program that only uses device codes",
    )
    .option("--post-logout-redirect-uri <uri...>", "address that browsers may go to after signing out")
    .option("--public", "the program runs on people's devices and cannot keep a secret")
    .option("--scopes <list>", `scopes that it may request: ${programScopes.join(", ")}`, "files:read");
  return runs<[string]>(context, command, async (run, name, options: AddOptions) => {
    const body = {
      name: checkTitle(name, "The name"),
      redirect_uris: [...(options.redirectUri ?? [])],
      scopes: readScopes(options.scopes ?? "files:read"),
      ...(options.postLogoutRedirectUri === undefined
        ? {}
        : { post_logout_redirect_uris: [...options.postLogoutRedirectUri] }),
      ...(options.public === true ? { public: true } : {}),
    };
    const made = await adminCall(run, options.data, "adminAddOauthClient", { body });
    await run.output.result(made, () => [
      `client_id      ${made.id}`,
      ...(made.secret === null ? [] : [`client_secret  ${made.secret}`]),
    ]);
    if (!run.output.json && made.secret !== null) run.output.note("Save the secret now. It is not shown again.");
  });
}

function readScopes(text: string): ProgramScope[] {
  return text
    .split(",")
    .filter((word) => word !== "")
    .map((each) => parseScope(each, programScopes));
}

const columns: readonly Column[] = [
  { title: "CLIENT ID" },
  { title: "NAME", shortens: true },
  { title: "KIND" },
  { title: "MAY ASK FOR" },
  { title: "SENDS BACK TO" },
];

function list(context: Context) {
  const command = newAdminCommand("ls", "List registered programs", ["admin oauth-clients ls"]);
  return runs<[]>(context, command, async (run, { data }) => {
    const page = await adminCall(run, data, "adminListOauthClients", {});
    const listing = new Listing(run.output, columns, "There are no registered programs.");
    await run.output.result(page, () =>
      listing.lines(
        page.items.map((client) => [
          client.id,
          client.name,
          client.public ? "public" : "with a secret",
          client.scopes.join(" "),
          client.redirect_uris.join(" "),
        ]),
      ),
    );
  });
}

function remove(context: Context) {
  const command = newAdminCommand("rm", "Remove a program and all access that people gave it", [
    "admin oauth-clients rm 0198…",
  ]).argument("<id>", "ID from 'holdfast admin oauth-clients ls'");
  return runs<[string]>(context, command, async (run, id, { data }) => {
    await listedBy("admin oauth-clients ls", adminCall(run, data, "adminRemoveOauthClient", { params: { id } }));
    await run.output.done({ id, removed: true }, () => [`removed ${id}`]);
  });
}
