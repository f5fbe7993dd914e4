import { type Column, Listing } from "../output/listing.ts";
import { newCommand, runs } from "./command.ts";
import type { Context } from "../output/context.ts";

const columns: readonly Column[] = [{ title: "TO" }, { title: "ENDS", word: "until" }, { title: "LINK" }];

export function unsentLinksCommand(context: Context) {
  const command = newCommand(
    "unsent-links",
    "List the links that the server would have mailed if mail were set up, newest first",
    ["admin unsent-links"],
  );
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const page = await client.call("unsentLinks");
    const listing = new Listing(run.output, columns, "There are no unsent links.");
    await run.output.result(page, () =>
      listing.lines(page.items.map(({ to, url, expires_at: until }) => [to, `until ${listing.time(until)}`, url])),
    );
  });
}
