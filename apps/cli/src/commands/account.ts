import { HoldfastError } from "@holdfast/core/errors";
import { timeFor } from "../output/listing.ts";
import { type CommandMaker, newCommand, newGroup, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { withNotes } from "./help-notes.ts";
import { askingAgain } from "../invocation/asking-again.ts";
import { readPassword } from "./second-factor.ts";

type Client = Awaited<ReturnType<Run["connect"]>>["client"];

interface ProofOptions {
  readonly passwordStdin?: boolean;
  readonly totp?: string;
}

export const accountCommand: CommandMaker = (context) =>
  newGroup(
    "account",
    "Change the e-mail address of your account, or delete the account",
    ["account address NEW", "account delete"],
    [addressCommand(context), deleteCommand(context)],
  );

function addressCommand(context: Context) {
  const command = newCommand(
    "address",
    "Change the e-mail address of your account; confirmed by a link mailed to the new address",
    ["account address ada@new.example", "account address ada@new.example --password-stdin < password.txt"],
  ).argument("<email>", "new address; the current address cancels a pending change");
  return runs<[string]>(context, withProof(command), moveAddress);
}

async function moveAddress(run: Run, email: string, options: ProofOptions = {}): Promise<void> {
  const { client } = await run.connect();
  const password = await readPassword(run, options.passwordStdin);
  if (password === "") throw usage("The password is empty.");
  const account = await provingPassword(() =>
    askingAgain(run, options.totp, (totp) =>
      client.call("changeAddress", {
        body: { email, password, ...(totp === undefined ? {} : { totp }) },
        asksOnce: true,
      }),
    ),
  );
  const { email: present, next_email: next } = account;
  await run.output.done({ email: present, next_email: next }, () => [
    next === null
      ? `The address of your account is still ${present}.`
      : `A confirmation e-mail was sent to ${next}, unless another account has that address. Open its link while signed in to this account to change the address. Until then, it is still ${present}.`,
  ]);
}

function deleteCommand(context: Context) {
  const command = newCommand(
    "delete",
    "Delete your account; you can restore it for a while before it is permanently deleted",
    ["account delete", "account delete --password-stdin < password.txt"],
  );
  withNotes(command, [
    "To save a copy of your data first, run 'holdfast export'. To restore the account, run 'holdfast login URL --keep-account'.",
  ]);
  return runs<[]>(context, withProof(command), deleteAccount);
}

function withProof<Command extends ReturnType<typeof newCommand>>(command: Command): Command {
  return command
    .option("--password-stdin", "read the password from the first line of standard input and do not ask")
    .option(
      "--totp <code>",
      "code from the authenticator app, or a recovery code; if omitted, you are asked when one is needed",
    );
}

async function deleteAccount(run: Run, options: ProofOptions = {}): Promise<void> {
  const [{ client, server }, { SavedLogin }, { thisConfigFolder }] = await Promise.all([
    run.connect(),
    import("../config/saved-login.ts"),
    import("../config/connection.ts"),
  ]);
  const { id, email, admin } = await client.call("getAccount");
  if (admin && !(await hasOtherAdministrator(client, id))) throw new HoldfastError("conflict", lastAdministratorText);
  const password = await passwordFor(run, email, options.passwordStdin === true);
  if (password === "") throw usage("The password is empty.");
  const { until } = await provingPassword(() =>
    askingAgain(run, options.totp, (totp) =>
      client.call("deleteAccount", { body: { password, ...(totp === undefined ? {} : { totp }) }, asksOnce: true }),
    ),
  );
  await new SavedLogin(thisConfigFolder(run.context.environment)).update(() => Promise.resolve(undefined));
  await run.output.done({ email, until }, () => [
    `${email} is deleted, and will be removed permanently after ${timeFor(run.output, until)}. Until then, 'holdfast login ${server} --keep-account' restores it.`,
  ]);
}

const lastAdministratorText =
  "You are the last administrator who can sign in. Add another one first (holdfast admin users add EMAIL --admin). To remove the whole server, stop it and delete its data folder.";

/** The server checks this too, but only after this command has asked for an address and a password. */
async function hasOtherAdministrator(client: Client, ownId: string): Promise<boolean> {
  const { allPages, pageItemsMax } = await import("../remote/pages.ts");
  const pages = allPages((cursor) => client.call("adminListUsers", { query: { cursor, limit: pageItemsMax } }));
  for await (const users of pages)
    if (users.some(({ id, admin, disabled }) => admin && !disabled && id !== ownId)) return true;
  return false;
}

async function provingPassword<Result>(act: () => Promise<Result>): Promise<Result> {
  try {
    return await act();
  } catch (thrown) {
    if (!(thrown instanceof HoldfastError) || thrown.field !== "password") throw thrown;
    throw new HoldfastError("unauthenticated", "Wrong password. Nothing was changed.", { cause: thrown });
  }
}

/** Asks for the address as a confirmation, unless the password is piped. */
async function passwordFor(run: Run, email: string, isPiped: boolean): Promise<string> {
  const { ask, askSecret, firstLine } = await import("../invocation/terminal.ts");
  if (isPiped) return firstLine(run.context.stdin);
  const question = `Everything in the account ${email} will be deleted, including what is shared with others. Type the address to continue: `;
  if (run.context.stdin.isTTY !== true)
    throw usage("Without a terminal, use --password-stdin to read the password from standard input.");
  const typed = await ask(run.context, question);
  if (typed.trim().toLowerCase() !== email.toLowerCase())
    throw new HoldfastError("failed", "The address does not match. Nothing was changed.");
  return askSecret(run.context, "Password: ");
}
