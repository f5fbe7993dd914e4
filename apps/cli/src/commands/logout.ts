import { HoldfastError } from "@holdfast/core/errors";
import { newCommand, runs } from "./command.ts";
import type { CommandMaker, Context, Run } from "./command.ts";

export const logoutCommand: CommandMaker = (context) => {
  const command = newCommand("logout", "Sign this device out and forget the login", ["logout"]);
  return runs<[]>(context, command, (run) => logout(run, context));
};

/** The login is forgotten whether the server hears of it or not; if not, the message says how to end the session there. */
async function logout(run: Run, context: Context): Promise<void> {
  const [{ SavedLogin }, { connect, thisConfigFolder }] = await Promise.all([
    import("../config/saved-login.ts"),
    import("../config/connection.ts"),
  ]);
  const saved = new SavedLogin(thisConfigFolder(context.environment));
  const login = await saved.read();
  if (login === undefined) return run.output.result({ signed_out: false }, () => ["Nobody was signed in."]);
  const { HOLDFAST_CONFIG_DIR, XDG_CONFIG_HOME, APPDATA } = context.environment;
  const { client } = await connect({ HOLDFAST_CONFIG_DIR, XDG_CONFIG_HOME, APPDATA });
  try {
    await client.call("deleteCurrentSession");
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    const gone = thrown.code === "unauthenticated";
    if (!gone)
      run.output.note(
        `The server did not hear of it: ${thrown.message} The session there ends by itself, or by 'holdfast devices rm ${login.deviceId}'.`,
      );
  } finally {
    await client.close();
  }
  await saved.update(() => Promise.resolve(undefined));
  await run.output.result({ signed_out: true, server: login.server }, () => [`Signed out of ${login.server}.`]);
}
