import { hostname } from "node:os";
import { fixedToken } from "@holdfast/api-client/access-tokens";
import { HoldfastError } from "@holdfast/core/errors";
import type { Login, SavedLogin } from "../config/saved-login.ts";
import { askingAgain } from "./second-factor.ts";
import { checkTitle, newCommand, runs, usage } from "./command.ts";
import type { CommandMaker, Run } from "./command.ts";

interface LoginOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly totp?: string;
  readonly deviceName?: string;
  readonly insecure?: boolean;
  readonly caCert?: string;
  readonly fingerprint?: string;
}

export const loginCommand: CommandMaker = (context) => {
  const command = newCommand("login", "Sign in; the login is kept for the commands that follow", [
    "login https://drive.example",
    "login http://127.0.0.1:8420 --email me@example.org --password-stdin < password.txt",
  ])
    .argument("<url>", "address of the server")
    .option("--email <address>", "asked for on the terminal unless given")
    .option("--password-stdin", "read the password from standard input (its first line)")
    .option(
      "--totp <code>",
      "of the authenticator app, or a recovery code, where a second factor is on; asked for else",
    )
    .option("--device-name <name>", "how this device is listed", hostname())
    .option(
      "--ca-cert <file>",
      "trust the server's certificate if this one, in PEM, is it or has signed it; kept with the login",
    )
    .option(
      "--fingerprint <SHA256:hex>",
      "trust the certificate with this fingerprint and no other; kept with the login",
    )
    .option("--insecure", "to another machine without TLS too: the password and all content go there in the clear");
  return runs<[string]>(context, command, login);
};

async function login(run: Run, url: string, options: LoginOptions): Promise<void> {
  const { assertPrivate, openClient, parseServer, thisConfigFolder, toSavedSession } =
    await import("../config/connection.ts");
  const { lookAtServer } = await import("../config/look-at-server.ts");
  const { readTrust } = await import("../config/read-trust.ts");
  const { SavedLogin } = await import("../config/saved-login.ts");
  const { ask, askSecret, firstLine, requireTerminal } = await import("../terminal.ts");
  const server = parseServer(url);
  if (options.insecure !== true) assertPrivate(server, ofLogin);
  const { context } = run;
  const trust = await readTrust(options);
  if (options.passwordStdin === true && options.email === undefined) throw usage("--password-stdin takes --email too.");
  if (options.email === undefined) requireTerminal(context, "E-mail: ");
  else if (options.passwordStdin !== true) requireTerminal(context, "Password: ");
  // Nobody types a password for a server that is not there.
  await lookAtServer(server, trust);
  const email = options.email ?? (await ask(context, "E-mail: "));
  const password =
    options.passwordStdin === true ? await firstLine(context.stdin) : await askSecret(context, "Password: ");
  if (email === "") throw usage("The e-mail address is empty.");
  if (password === "") throw usage("The password is empty.");
  const client = openClient(server, { trust });
  try {
    const device_name = checkTitle(options.deviceName ?? hostname(), "--device-name");
    const saved = new SavedLogin(thisConfigFolder(context.environment));
    const former = await readFormer(saved);
    const known = former?.server === server && former.email === email ? former.deviceSecret : undefined;
    const body = { email, password, device_name, ...(known === undefined ? {} : { device_secret: known }) };
    const session = await askingAgain(run, options.totp, (totp) =>
      client.call("createSession", {
        body: { ...body, ...(totp === undefined ? {} : { totp }) },
        asksOnce: totp !== undefined,
      }),
    );
    const { device_id: deviceId, device_secret: deviceSecret } = session;
    const kept = { ...(deviceSecret === undefined ? {} : { deviceSecret }), ...(trust === undefined ? {} : { trust }) };
    const made = { ...toSavedSession(session), server, email, deviceId, ...kept };
    await endFormer(run, former, made);
    await saved.update(() => Promise.resolve(made));
    await run.output.result({ server, email, device_id: session.device_id }, () => [
      `Signed in to ${server} as ${email}.`,
    ]);
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.code !== "unauthenticated") throw thrown;
    throw new HoldfastError("unauthenticated", `${server} knows no ${email} with that password.`, { cause: thrown });
  } finally {
    await client.close();
  }
}

const ofLogin = { named: "The address", carried: "your password", anyway: "say --insecure" };

/** A login that is damaged says nothing about a session. */
async function readFormer(saved: SavedLogin): Promise<Login | undefined> {
  try {
    return await saved.read();
  } catch (thrown) {
    if (thrown instanceof HoldfastError && thrown.code === "unauthenticated") return undefined;
    throw thrown;
  }
}

/**
 * The login that is about to be replaced could never be used again, so its device is signed out, or each login would add
 * one to the list. Only after the new one is there: who mistypes a password stays signed in.
 */
async function endFormer(run: Run, former: Login | undefined, made: Login): Promise<void> {
  if (former === undefined || former.deviceId === made.deviceId) return;
  const { connect, openClient } = await import("../config/connection.ts");
  const { HOLDFAST_CONFIG_DIR, XDG_CONFIG_HOME, APPDATA } = run.context.environment;
  const isSameAccount = former.server === made.server && former.email === made.email;
  const client = isSameAccount
    ? openClient(made.server, { tokens: fixedToken(made.accessToken), trust: made.trust })
    : (await connect({ HOLDFAST_CONFIG_DIR, XDG_CONFIG_HOME, APPDATA })).client;
  try {
    await client.call("deleteDevice", { params: { id: former.deviceId } });
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError)) throw thrown;
    const isGone = thrown.code === "not_found" || thrown.code === "unauthenticated";
    if (!isGone) run.output.note(`The former login to ${former.server} could not be ended: ${thrown.message}`);
  } finally {
    await client.close();
  }
}
