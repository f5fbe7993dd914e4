import { hostname } from "node:os";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { fixedToken, type SessionStore, SessionTokens } from "@holdfast/api-client/access-tokens";
import { HoldfastError } from "@holdfast/core/errors";
import { toSentence } from "../output/system-failure.ts";
import type { Login, SavedLogin } from "../config/saved-login.ts";
import type { DeviceSystem } from "@holdfast/protocol/device-routes";
import { askingAgain } from "../invocation/asking-again.ts";
import { sayFactorDue } from "./second-factor.ts";
import { checkTitle, type CommandMaker, newCommand, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";

interface LoginOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly totp?: string;
  readonly deviceName?: string;
  readonly insecure?: boolean;
  readonly keepAccount?: boolean;
  readonly caCert?: string;
  readonly fingerprint?: string;
}

export const loginCommand: CommandMaker = (context) => {
  const command = newCommand("login", "Sign in; other commands use this login from then on", [
    "login https://drive.example",
    "login http://127.0.0.1:8420 --email me@example.org --password-stdin < password.txt",
  ])
    .argument("<url>", "server address")
    .option(
      "--email <address>",
      "e-mail address; if omitted, you are asked for it, and an empty answer signs in with a browser",
    )
    .option("--password-stdin", "read the password from the first line of standard input")
    .option(
      "--totp <code>",
      "code from the authenticator app, or a recovery code; if omitted, you are asked when one is needed",
    )
    .option(
      "--device-name <name>",
      "name of this device in the list of devices; default is the name from the last login to this server, or the host name",
    )
    .option("--keep-account", "restore an account that you deleted")
    .option(
      "--ca-cert <file>",
      "trust this certificate (PEM): the server's own or the authority that signed it; saved with the login",
    )
    .option("--fingerprint <SHA256:hex>", "trust only the certificate with this fingerprint; saved with the login")
    .option("--insecure", "allow plain HTTP to another machine: the password and all content are sent unencrypted");
  return runs<[string]>(context, command, login);
};

async function login(run: Run, url: string, options: LoginOptions): Promise<void> {
  const { assertPrivate, openClient, parseServer, thisConfigFolder, toSavedSession } =
    await import("../config/connection.ts");
  const { lookAtServer } = await import("../config/look-at-server.ts");
  const { readTrust } = await import("../config/read-trust.ts");
  const { SavedLogin } = await import("../config/saved-login.ts");
  const { serverIdOf, reportOtherServer } = await import("./report-other-server.ts");
  const { ask, askSecret, firstLine } = await import("../invocation/terminal.ts");
  const server = parseServer(url);
  if (options.insecure !== true) assertPrivate(server, ofLogin);
  const { context } = run;
  const trust = await readTrust(options);
  assertGiven(context, options);
  const saved = new SavedLogin(thisConfigFolder(context.environment));
  await saved.assertWritable().catch((thrown: unknown) => {
    throw notKept(thrown, "You were not signed in");
  });
  const former = await readFormer(saved);
  const deviceName = options.deviceName ?? (former?.server === server ? former.deviceName : undefined);
  const device = thisDevice(checkTitle(deviceName ?? hostname(), "--device-name"));
  const given = options.passwordStdin === true ? await firstLine(context.stdin) : undefined;
  // Checks the server before anyone types a password.
  const { onSlow } = await run.remarks();
  await lookAtServer(server, trust, onSlow);
  const client = openClient(server, { trust, onSlow });
  let email = options.email ?? (await ask(context, "E-mail address, or just Enter to sign in with a browser: "));
  try {
    const byPassword = async () => {
      const password = given ?? (await askSecret(context, "Password: "));
      if (password === "") throw usage("The password is empty.");
      const known = former?.server === server && former.email === email ? former.deviceSecret : undefined;
      const body = {
        email,
        password,
        ...device,
        ...(known === undefined ? {} : { device_secret: known }),
        ...(options.keepAccount === true ? { keep_account: true } : {}),
      };
      const act = (totp?: string) =>
        client.call("createSession", {
          body: totp === undefined ? body : { ...body, totp },
          asksOnce: totp !== undefined,
        });
      return askingAgain(run, options.totp, act, { passkeysAlone: byPasskey(server) });
    };
    const inBrowser = email === "" && options.email === undefined ? await byBrowser(run, client, device) : undefined;
    if (inBrowser === undefined && email === "" && options.email === undefined) email = await ask(context, "E-mail: ");
    if (inBrowser !== undefined) email = inBrowser.email;
    if (email === "") throw usage("The e-mail address is empty.");
    const session = inBrowser ?? (await byPassword());
    const { device_id: deviceId, device_secret: deviceSecret } = session;
    const serverId = await serverIdOf(server, { tokens: fixedToken(session.access_token), trust });
    const kept = { deviceSecret, deviceName, trust };
    const made: Login = { ...toSavedSession(session), server, email, deviceId, serverId, ...kept };
    // Saved first, so that a running sync can use the new login when the previous one ends.
    await keep(saved, made, former);
    await endFormer(run, former, made);
    const { forgetCleared } = await import("../sync/cleared-folders.ts");
    await forgetCleared(thisConfigFolder(context.environment));
    await run.output.done({ server, email, device_id: session.device_id }, () => [
      `Signed in to ${server} as ${email}.`,
    ]);
    if (context.environment["HOLDFAST_TOKEN"] !== undefined && !run.output.json)
      run.output.note("HOLDFAST_TOKEN is set: commands use that token instead of this login until you unset it.");
    if (session.second_factor_due_at !== undefined) run.output.note(sayFactorDue(session.second_factor_due_at));
    await reportOtherServer(run, made, former);
  } catch (thrown) {
    throw await notSignedIn(thrown, { client, server, email });
  } finally {
    await client.close();
  }
}

/** Checks the options, and without a terminal that nothing must be asked. @throws HoldfastError usage */
function assertGiven({ stdin }: Run["context"], { email, passwordStdin }: LoginOptions): void {
  if (passwordStdin === true && email === undefined) throw usage("--password-stdin also requires --email.");
  if (email?.trim() === "") throw usage("The e-mail address is empty.");
  if (stdin.isTTY === true || (email !== undefined && passwordStdin === true)) return;
  const missing = email === undefined ? "--email ADDRESS and --password-stdin" : "--password-stdin";
  throw usage(`Without a terminal, use ${missing}. The password is then read from standard input.`);
}

/** Signs out if the login cannot be saved, because the session would be useless. */
async function keep(saved: SavedLogin, made: Login, former: Login | undefined): Promise<void> {
  try {
    await saved.update(() => Promise.resolve(made));
  } catch (thrown) {
    throw notKept(thrown, await signOut(made, former?.deviceId !== made.deviceId));
  }
}

/** @param isNew the device has no previous login @returns the outcome as a sentence */
async function signOut({ server, trust, accessToken, deviceId }: Login, isNew: boolean): Promise<string> {
  const { openClient } = await import("../config/connection.ts");
  const client = openClient(server, { tokens: fixedToken(accessToken), trust });
  try {
    await (isNew ? client.call("deleteDevice", { params: { id: deviceId } }) : client.call("deleteCurrentSession"));
    return "You were signed out again";
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    return `The session could not be ended on the server (${why}): remove the device ${deviceId} in the app, under Settings`;
  } finally {
    await client.close();
  }
}

function notKept(thrown: unknown, outcome: string): HoldfastError {
  const { code, message } = toSentence(thrown);
  return new HoldfastError(
    code === "store_full" ? code : "failed",
    `The login cannot be saved here. ${outcome}. ${message}`,
    { cause: thrown },
  );
}

interface SignIn {
  readonly client: ApiClient;
  readonly server: string;
  /** Empty until it is known. */
  readonly email: string;
}

async function notSignedIn(thrown: unknown, { client, server, email }: SignIn): Promise<unknown> {
  if (!(thrown instanceof HoldfastError)) return thrown;
  if (thrown.code === "account_leaving")
    return new HoldfastError("account_leaving", thrown.message.replace("with keep_account", "with --keep-account"), {
      cause: thrown,
      body: thrown.body,
    });
  if (thrown.code !== "unauthenticated" || email === "") return thrown;
  const ways = await client.call("readSignInWays").catch(() => undefined);
  const message =
    ways?.needs_setup === true
      ? `${server} has not been set up yet, so there are no accounts. Open the set-up link that it printed when it started, or print a new one on the server with: holdfast admin setup-link`
      : `Wrong e-mail address or password for ${server}.`;
  return new HoldfastError("unauthenticated", message, { cause: thrown });
}

const systems: Readonly<Partial<Record<NodeJS.Platform, DeviceSystem>>> = {
  linux: "Linux",
  darwin: "macOS",
  win32: "Windows",
  freebsd: "FreeBSD",
  android: "Android",
};

interface ThisDevice {
  readonly device_name: string;
  readonly system?: DeviceSystem;
}

/** The system is omitted if it has no name in the list of devices. */
function thisDevice(device_name: string): ThisDevice {
  const system = systems[process.platform];
  return { device_name, ...(system === undefined ? {} : { system }) };
}

function inMemory(former: Login): SessionStore<Login> {
  let kept: Login | undefined = former;
  return { read: () => Promise.resolve(kept), update: async (change) => (kept = await change(kept)) };
}

function notThere(): HoldfastError {
  return new HoldfastError("unauthenticated", "The previous login was ended.");
}

/** @returns undefined, after a note, if the server does not support it */
async function byBrowser(run: Run, client: ApiClient, device: ThisDevice) {
  const { loginInBrowser } = await import("./login-in-browser.ts");
  const session = await loginInBrowser(run, client, device);
  if (session === undefined) run.output.note("This server is too old for signing in with a browser.");
  return session;
}

const ofLogin = { named: "The address", carried: "your password", anyway: "use --insecure" };

/** A damaged login contains no usable session. */
async function readFormer(saved: SavedLogin): Promise<Login | undefined> {
  try {
    return await saved.read();
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "unauthenticated") return undefined;
    throw thrown;
  }
}

/**
 * The device of the replaced login would stay in the list unused. It is signed out after the new sign-in, so that a
 * mistyped password ends nothing.
 */
async function endFormer(run: Run, former: Login | undefined, made: Login): Promise<void> {
  if (former === undefined || former.deviceId === made.deviceId) return;
  const { openClient, renewedBy, systemClock } = await import("../config/connection.ts");
  const isSameAccount = former.server === made.server && former.email === made.email;
  const { server, trust } = isSameAccount ? made : former;
  const tokens = isSameAccount
    ? fixedToken(made.accessToken)
    : new SessionTokens(inMemory(former), renewedBy(server, { trust }), systemClock, notThere);
  const client = openClient(server, { tokens, trust });
  try {
    await client.call("deleteDevice", { params: { id: former.deviceId }, query: { replaced: "true" } });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    const isGone = thrown.code === "not_found" || thrown.code === "unauthenticated";
    if (!isGone) run.output.note(`The previous login to ${former.server} could not be ended: ${thrown.message}`);
  } finally {
    await client.close();
  }
}

function byPasskey(server: string): string {
  return `This account signs in with a passkey. Run 'holdfast login ${server}' and press Enter to sign in with a browser, or enter a recovery code (--totp CODE).`;
}
