import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { Login } from "../config/saved-login.ts";
import { newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { CommandMaker } from "./command.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";

export const logoutCommand: CommandMaker = (context) => {
  const command = newCommand("logout", "Sign this device out and delete its login", ["logout", "logout --everywhere"])
    .option("--everywhere", "sign out all browsers and devices of the account, including this one")
    .option("--others", "sign out all browsers and devices of the account except this one");
  return runs<[]>(context, command, (run, { everywhere, others }) => {
    if (everywhere === true && others === true) throw usage("--everywhere and --others cannot be used together.");
    return others === true ? logoutOthers(run) : logout(run, context, everywhere === true);
  });
};

async function logoutOthers(run: Run): Promise<void> {
  const { client } = await run.connect();
  await client.call("deleteDevices", { query: { keep: "current" } });
  await run.output.done({ signed_out: "others" }, () => [
    "Signed out everywhere else. Personal access tokens and app passwords still work: 'holdfast token' and 'holdfast app-passwords' list them.",
  ]);
}

/**
 * Without a response of the server, the login is removed too, and the message explains how to end the session there.
 */
async function logout(run: Run, context: Context, everywhere: boolean): Promise<void> {
  const [{ SavedLogin }, { connect, thisConfigFolder }] = await Promise.all([
    import("../config/saved-login.ts"),
    import("../config/connection.ts"),
  ]);
  const saved = new SavedLogin(thisConfigFolder(context.environment));
  const login = await saved.read();
  if (login === undefined) return run.output.done({ signed_out: false }, () => ["You were not signed in."]);
  const roots = await runningRoots(thisConfigFolder(context.environment), login);
  const { HOLDFAST_CONFIG_DIR, XDG_CONFIG_HOME, APPDATA } = context.environment;
  const { client } = await connect({ HOLDFAST_CONFIG_DIR, XDG_CONFIG_HOME, APPDATA });
  try {
    if (everywhere) await client.call("deleteDevices");
    else await signOut(client, login);
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    const gone = thrown.code === "unauthenticated";
    // With --everywhere a failure must not look like success.
    if (everywhere) throw thrown;
    if (!gone)
      run.output.say(
        `The session could not be ended on the server: ${thrown.message} It expires by itself. To end it sooner: holdfast devices rm ${login.deviceId}`,
      );
  } finally {
    await client.close();
  }
  await saved.update(() => Promise.resolve(undefined));
  for (const root of roots) run.output.note(`The sync of ${root} stops: it used this login.`);
  await run.output.done({ signed_out: true, server: login.server }, () => [
    everywhere ? `Signed out of ${login.server} everywhere.` : `Signed out of ${login.server}.`,
  ]);
}

/** Removes the device, so that the list of devices does not show it as signed in. */
async function signOut(client: ApiClient, { deviceId }: Login): Promise<void> {
  try {
    await client.call("deleteDevice", { params: { id: deviceId } });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || !refusals.has(thrown.code)) throw thrown;
    // With an access rule or a missing second factor, a session can only end itself.
    await client.call("deleteCurrentSession");
  }
}

const refusals: ReadonlySet<string> = new Set(["forbidden", "address_not_allowed", "second_factor_required"]);

async function runningRoots(configFolder: string, { server }: Login): Promise<string[]> {
  const [{ readKnownSyncs }, { askView }] = await Promise.all([
    import("../sync/known-syncs.ts"),
    import("../sync/control-client.ts"),
  ]);
  // An unreadable record or an unresponsive client does not delay the sign-out.
  const syncs = await readKnownSyncs(configFolder).catch(() => []);
  const running = await Promise.all(
    syncs.map(async (sync) => (await askView(sync).catch(() => undefined)) !== undefined),
  );
  return syncs.flatMap(({ record }, at) => (running[at] === true && record.server === server ? [record.root] : []));
}
