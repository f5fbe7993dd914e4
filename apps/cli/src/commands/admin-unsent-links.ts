import { formatTable, formatTime } from "../output/text.ts";
import { newCommand, runs } from "./command.ts";
import type { Context } from "./command.ts";

export function unsentLinksCommand(context: Context) {
  const command = newCommand(
    "unsent-links",
    "List the links that this server would have mailed if it sent mail, to hand on; the newest first",
    ["admin unsent-links"],
  );
  return runs<[]>(context, command, async (run) => {
    const { client } = await run.connect();
    const page = await client.call("unsentLinks");
    await run.output.result(page, () =>
      formatTable(
        page.items.map(({ to, url, expires_at: until }) => [to, `until ${formatTime(until)}`, url]),
        [],
      ),
    );
  });
}
