import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

const routes = { star: "starNode", unstar: "unstarNode" } as const;

/** Stars belong to this account only. */
export function starOrUnstar(name: keyof typeof routes, summary: string, example: string): CommandMaker {
  return (context) => {
    const command = newCommand(name, summary, [example]).argument("<paths...>", "paths on the server");
    return runs<[string[]]>(context, command, async (run, given) => {
      const [{ lookUpAll }, { inTurn }] = await Promise.all([import("../remote/look-up.ts"), import("./in-turn.ts")]);
      const { client } = await run.connect();
      const items = await inTurn(
        await lookUpAll(client, given),
        ({ path }) => path,
        async (node) => {
          await client.call(routes[name], { params: { id: node.id } });
          return node;
        },
      );
      await run.output.result({ items, next_cursor: null }, () => []);
    });
  };
}
