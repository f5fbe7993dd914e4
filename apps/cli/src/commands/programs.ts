import { type Column, Listing } from "../output/listing.ts";
import { newCommand, newGroup, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import type { Context } from "../output/context.ts";
import { listedBy } from "./listed-by.ts";

export const programsCommand: CommandMaker = (context) =>
  newGroup(
    "programs",
    "Programs that you authorized, and their permissions",
    ["programs ls", "programs rm 0198…"],
    [list(context), remove(context)],
    list(context),
  );

const columns: readonly Column[] = [
  { title: "ID" },
  { title: "NAME", shortens: true },
  { title: "MAY" },
  { title: "ENDS", word: "expires" },
  { title: "USED", word: "used" },
];

function list(context: Context) {
  const command = newCommand("ls", "List authorized programs", ["programs ls"]);
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const page = await client.call("listAuthorizedPrograms");
    const listing = new Listing(run.output, columns, "No program has access to your account.");
    await run.output.result(page, () =>
      listing.lines(
        page.items.map(({ id, name, scopes, expires_at: ends, last_used_at: used }) => [
          id,
          name,
          scopes.length === 0 ? "who you are" : scopes.join(" "),
          `expires ${listing.time(ends)}`,
          `used ${listing.time(used)}`,
        ]),
      ),
    );
  });
}

function remove(context: Context) {
  const command = newCommand("rm", "Revoke a program's access immediately", ["programs rm 0198…"]).argument(
    "<id>",
    "ID from 'holdfast programs ls'",
  );
  return runs<[string]>(context, command, async (run, id) => {
    const { client } = await run.connect();
    await listedBy("programs ls", client.call("removeAuthorizedProgram", { params: { id } }));
    await run.output.done({ id, removed: true }, () => [`access removed: ${id}`]);
  });
}
