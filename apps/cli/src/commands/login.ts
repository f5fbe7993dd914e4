import { hostname } from "node:os";
import { HoldfastError } from "@holdfast/core/errors";
import { newCommand, runs, usage } from "./command.ts";
import type { CommandMaker, Run } from "./command.ts";

interface LoginOptions {
  readonly email?: string;
  readonly passwordStdin?: boolean;
  readonly deviceName?: string;
}

export const loginCommand: CommandMaker = (context) => {
  const command = newCommand("login", "Sign in; the login is kept for the commands that follow", [
    "login https://drive.example",
    "login http://127.0.0.1:8420 --email me@example.org --password-stdin < password.txt",
  ])
    .argument("<url>", "address of the server")
    .option("--email <address>", "asked for on the terminal unless given")
    .option("--password-stdin", "read the password from standard input (its first line)")
    .option("--device-name <name>", "how this device is listed", hostname());
  return runs<[string]>(context, command, login);
};

async function login(run: Run, url: string, options: LoginOptions): Promise<void> {
  const { openClient, parseServer, thisConfigFolder, toSavedSession } = await import("../config/connection.ts");
  const { SavedLogin } = await import("../config/saved-login.ts");
  const { ask, askSecret, firstLine } = await import("../terminal.ts");
  const server = parseServer(url);
  const { context } = run;
  if (options.passwordStdin === true && options.email === undefined) throw usage("--password-stdin takes --email too.");
  const email = options.email ?? (await ask(context, "E-mail: "));
  const password =
    options.passwordStdin === true ? await firstLine(context.stdin) : await askSecret(context, "Password: ");
  const client = openClient(server);
  try {
    const device_name = options.deviceName ?? hostname();
    const session = await client.call("createSession", { body: { email, password, device_name } });
    const saved = new SavedLogin(thisConfigFolder(context.environment));
    const made = { ...toSavedSession(session), server, email, deviceId: session.device_id };
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
