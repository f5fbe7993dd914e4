import { newCommand, runs } from "./command.ts";
import type { CommandMaker } from "./command.ts";
import { sayFactorDue } from "./second-factor.ts";

export const whoamiCommand: CommandMaker = (context) => {
  const command = newCommand("whoami", "Show the account and the server that you are signed in to", ["whoami"]);
  return runs<[]>(context, command, async (run) => {
    const { client, server } = await run.connect();
    const account = await client.call("getAccount");
    const { id, email, name, admin, device_id, server_id, scopes, second_factor_due_at: due } = account;
    await run.output.result({ server, server_id, id, email, name, admin, device_id, scopes }, () => [
      `${email} at ${server}${admin ? " (administrator)" : ""}`,
      // A device has all permissions of its account, so only tokens show scopes.
      ...(device_id === null && scopes !== undefined ? [`scopes of this token: ${scopes.join(", ")}`] : []),
    ]);
    if (due !== undefined) run.output.note(sayFactorDue(due));
  });
};
