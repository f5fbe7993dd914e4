import { type Column, Listing } from "../output/listing.ts";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

const itemsMax = 200;

const columns: readonly Column[] = [{ title: "WHEN" }, { title: "WHO" }, { title: "DID" }, { title: "WHAT" }];

export const activityCommand: CommandMaker = (context) => {
  const command = newCommand("activity", "List what happened, newest first", ["activity", "activity /photos"]).argument(
    "[path]",
    "a file, or a folder with all below it",
  );
  return runs<[string | undefined]>(context, command, async (run, path) => {
    const [{ lookUpShared }, { allPages }] = await Promise.all([
      import("../remote/look-up-shared.ts"),
      import("../remote/pages.ts"),
    ]);
    const { client } = await run.connect();
    const top = path === undefined ? {} : { in: (await lookUpShared(client, path)).id };
    const pages = allPages((cursor) => client.call("listActivity", { query: { ...top, limit: itemsMax, cursor } }));
    const listing = new Listing(run.output, columns);
    await run.output.listing(pages, (items) =>
      listing.lines(
        items.map(({ at, actor, verb, node, count }) => [
          listing.time(at),
          actor.name,
          verb,
          `${placeOf(node)}${count === 1 ? "" : ` and ${count - 1} more`}`,
        ]),
      ),
    );
  });
};

/** Of what is shared and not mounted the path begins at what was shared, which then is `/` itself. */
function placeOf({ path, name }: { readonly path?: string | undefined; readonly name: string }): string {
  return path === undefined || (path === "/" && name !== "") ? name : path;
}
