import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";

export const whoamiCommand: CommandMaker = (context) => {
  const command = newCommand("whoami", "Show who is signed in, and where", ["whoami"]);
  return runs<[]>(context, command, async (run) => {
    const { client, server } = await run.connect();
    const account = await client.call("getAccount");
    const { id, email, name, admin, device_id, server_id } = account;
    await run.output.result({ server, server_id, id, email, name, admin, device_id }, () => [
      `${email} at ${server}${admin ? " (administrator)" : ""}`,
    ]);
  });
};
