import { formatBytes, parseBytes } from "@holdfast/core/format-bytes";
import { type Column, endFor, Listing } from "../output/listing.ts";
import { count } from "../output/text.ts";
import { adminCall, newAdminCommand } from "./admin-call.ts";
import { shredCommand } from "./admin-shred.ts";
import { missing, checkTitle, newGroup, runs } from "./command.ts";
import { usage } from "../output/usage.ts";
import type { Run } from "../invocation/run.ts";
import type { Context } from "../output/context.ts";
import { noteLocalLink } from "./local-link.ts";
import { checkNewPassword } from "./new-password.ts";

export function usersCommand(context: Context) {
  return newGroup(
    "users",
    "Accounts",
    ["admin users ls", "admin users add ann@example.org --quota 100G"],
    [
      add(context),
      list(context),
      update(context, "disable", "Suspend an account immediately; nothing is deleted", { disabled: true }),
      update(context, "enable", "Lift a suspension", { disabled: false }),
      signOut(context),
      administrate(context, "promote", "Make an account an administrator", { admin: true }),
      administrate(context, "demote", "Make an administrator a regular account", { admin: false }),
      confirm(context),
      rename(context),
      shredCommand(context, "rm", "admin users rm"),
      plan(context),
      quota(context),
      resetPassword(context),
      endSecondFactor(context),
      invite(context),
    ],
    list(context),
  );
}

function add(context: Context) {
  const command = newAdminCommand("add", "Create an account", [
    "admin users add ann@example.org --quota 100G",
    "admin users add ann@example.org --password-stdin < password.txt",
  ])
    .argument("<email>", "e-mail address to sign in with")
    .option("--name <name>", "name that others see")
    .option("--password-stdin", "read the password from the first line of standard input")
    .option("--plan <name>", "plan from 'holdfast admin plans'; default is the plan for new accounts")
    .option("--quota <bytes>", "quota instead of the plan's: bytes, or 500M, 100G, 2T; none for no limit")
    .option("--admin", "make it an administrator");
  return runs<[string]>(context, command, async (run, email, options) => {
    const name = options["name"] === undefined ? {} : { name: checkTitle(String(options["name"]), "--name") };
    const room = roomOf(options);
    const password = await newPassword(run, email, options);
    const body = { email, password, admin: options["admin"] === true, ...name, ...room };
    const user = await adminCall(run, options["data"], "adminCreateUser", { body });
    await run.output.done(user, () => [`created ${user.email}`]);
  });
}

const columns: readonly Column[] = [
  { title: "EMAIL" },
  { title: "NAME", shortens: true },
  { title: "USED", right: true },
  { title: "OF", word: "of" },
  { title: "PLAN" },
  { title: "STATE" },
];

function list(context: Context) {
  const command = newAdminCommand("ls", "List the accounts", ["admin users ls"]);
  return runs<[]>(context, command, async (run, { data }) => {
    const { allPages, pageItemsMax } = await import("../remote/pages.ts");
    const pages = allPages((cursor) =>
      adminCall(run, data, "adminListUsers", {
        query: cursor === undefined ? { limit: pageItemsMax } : { limit: pageItemsMax, cursor },
      }),
    );
    const listing = new Listing(run.output, columns, "There are no accounts.");
    await run.output.listing(pages, (users) =>
      listing.lines(
        users.map((user) => [
          user.email,
          user.name,
          listing.size(user.used_bytes),
          user.quota_bytes === null ? "no quota" : `of ${listing.size(user.quota_bytes)}`,
          user.quota_fixed ? `${user.plan}, own quota` : user.plan,
          [
            user.admin ? "administrator" : "",
            user.leaving_until === null ? "" : `deleted, removed on ${listing.time(user.leaving_until)}`,
            user.disabled && user.leaving_until === null ? "disabled" : "",
            user.confirmed ? "" : "not confirmed",
            user.second_factor ? "second factor" : "",
          ]
            .filter(Boolean)
            .join(", "),
        ]),
      ),
    );
  });
}

function update(context: Context, name: string, summary: string, body: { disabled: boolean }) {
  const command = newAdminCommand(name, summary, [`admin users ${name} ann@example.org`]).argument(
    "<email>",
    "e-mail address of the account",
  );
  return runs<[string]>(context, command, async (run, email, { data }) => {
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body });
    await run.output.done(user, () => [`${user.email} is ${user.disabled ? "disabled" : "enabled"}`]);
  });
}

function signOut(context: Context) {
  const command = newAdminCommand(
    "sign-out",
    "End all sessions, tokens, app passwords, program access, webhooks and transfer offers of an account; the password does not change",
    ["admin users sign-out ann@example.org"],
  ).argument("<email>", "e-mail address of the account");
  return runs<[string]>(context, command, async (run, email, { data }) => {
    const body = { signed_out: true } as const;
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body });
    await run.output.done(user, () => [`${user.email} is signed out everywhere`]);
  });
}

function administrate(context: Context, name: string, summary: string, body: { admin: boolean }) {
  const command = newAdminCommand(name, summary, [`admin users ${name} ann@example.org`]).argument(
    "<email>",
    "e-mail address of the account",
  );
  return runs<[string]>(context, command, async (run, email, { data }) => {
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body });
    await run.output.done(user, () => [`${user.email} is ${user.admin ? "now" : "no longer"} an administrator`]);
  });
}

function confirm(context: Context) {
  const command = newAdminCommand(
    "confirm",
    "Confirm the address of an account, which then gets access to everything shared with the address",
    ["admin users confirm ann@example.org"],
  ).argument("<email>", "e-mail address of the account");
  return runs<[string]>(context, command, async (run, email, { data }) => {
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body: { confirmed: true } });
    await run.output.done(user, () => [`${user.email} is confirmed`]);
  });
}

function rename(context: Context) {
  const command = newAdminCommand("rename", "Change the address or the name of an account", [
    "admin users rename ann@example.org ann@example.com",
    "admin users rename ann@example.org --name 'Ann Smith'",
  ])
    .argument("<email>", "current e-mail address of the account")
    .argument("[address]", "new e-mail address; it counts as not confirmed")
    .option("--name <name>", "name that others see");
  return runs<[string, string | undefined]>(context, command, async (run, email, address, options) => {
    const name = options["name"] === undefined ? {} : { name: checkTitle(String(options["name"]), "--name") };
    if (address === undefined && options["name"] === undefined) missing(command, "Specify a new address or --name.");
    const body = { ...name, ...(address === undefined ? {} : { email: address }) };
    const user = await adminCall(run, options["data"], "adminUpdateUser", { params: { id: email }, body });
    await run.output.done(user, () => [`${email} is now ${user.email} (${user.name})`]);
  });
}

function plan(context: Context) {
  const command = newAdminCommand("plan", "Change the plan of an account", ["admin users plan ann@example.org plus"])
    .argument("<email>", "e-mail address of the account")
    .argument("<plan>", "plan from 'holdfast admin plans'");
  return runs<[string, string]>(context, command, async (run, email, name, { data }) => {
    const request = { params: { id: email }, body: { plan: name } };
    const user = await adminCall(run, data, "adminUpdateUser", request);
    const own = user.quota_fixed ? "; it has its own quota, which 'holdfast admin users quota EMAIL plan' removes" : "";
    await run.output.done(user, () => [
      `${user.email} has the plan ${user.plan} and can store ${roomText(user)}${own}`,
    ]);
  });
}

function quota(context: Context) {
  const command = newAdminCommand("quota", "Set the quota of an account", [
    "admin users quota ann@example.org 200G",
    "admin users quota ann@example.org plan",
  ])
    .argument("<email>", "e-mail address of the account")
    .argument("<bytes>", "bytes, or 500M, 100G, 2T; none for no limit; plan for the plan's quota");
  return runs<[string, string]>(context, command, async (run, email, bytes, { data }) => {
    const body = { quota_bytes: bytes === "plan" ? ("plan" as const) : parseQuota(bytes) };
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body });
    await run.output.done(user, () => [`${user.email} can store ${roomText(user)}`]);
  });
}

function resetPassword(context: Context) {
  const command = newAdminCommand("reset-password", "Set a new password for an account", [
    "admin users reset-password ann@example.org",
    "admin users reset-password ann@example.org --end-passkeys",
  ])
    .argument("<email>", "e-mail address of the account")
    .option("--end-passkeys", "also remove its passkeys, which sign in without the password")
    .option("--password-stdin", "read the password from the first line of standard input");
  return runs<[string]>(context, command, async (run, email, { data, passwordStdin, endPasskeys }) => {
    const password = await newPassword(run, email, { data, passwordStdin });
    const body = { password, ...(endPasskeys === true ? { end_passkeys: true } : {}) };
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body });
    const passkeys = endPasskeys === true ? ", and its passkeys were removed" : "";
    await run.output.done(user, () => [`${user.email} has a new password${passkeys}`]);
  });
}

function endSecondFactor(context: Context) {
  const summary = "Turn off the second factor of someone who lost their phone and recovery codes";
  const command = newAdminCommand("end-second-factor", summary, [
    "admin users end-second-factor ann@example.org",
  ]).argument("<email>", "e-mail address of the account");
  return runs<[string]>(context, command, async (run, email, { data }) => {
    const body = { second_factor: false as const };
    const user = await adminCall(run, data, "adminUpdateUser", { params: { id: email }, body });
    await run.output.done(user, () => [`${user.email} now signs in with the password alone. All sessions were ended`]);
  });
}

function invite(context: Context) {
  const command = newAdminCommand("invite", "Create an invitation link that lets someone create an account", [
    "admin users invite ann@example.org",
  ])
    .argument("[email]", "e-mail address that the invitation is limited to")
    .option("--plan <name>", "plan of the new account")
    .option("--quota <bytes>", "quota of the new account instead of the plan's");
  return runs<[string | undefined]>(context, command, async (run, email, options) => {
    const body = { ...(email === undefined ? {} : { email }), ...roomOf(options) };
    const invitation = await adminCall(run, options["data"], "adminInvite", { body });
    await run.output.result(invitation, () => [invitation.url]);
    if (!run.output.json)
      run.output.note(`The link works once and expires on ${endFor(run.output, invitation.expires_at)}.`);
    const { others = 0 } = invitation;
    if (others > 0)
      run.output.note(
        `${count(others, "earlier invitation")} for ${email} can still be used; using one revokes the others. To list them: holdfast admin invites ls`,
      );
    noteLocalLink(run, invitation.url);
  });
}

function roomOf({ plan: name, quota: bytes }: Readonly<Record<string, unknown>>) {
  return {
    ...(typeof name === "string" ? { plan: name } : {}),
    ...(typeof bytes === "string" ? { quota_bytes: parseQuota(bytes) } : {}),
  };
}

function roomText({ quota_bytes: bytes }: { readonly quota_bytes: number | null }): string {
  return bytes === null ? "anything" : formatBytes(bytes);
}

interface NewPasswordOptions {
  readonly data?: unknown;
  readonly passwordStdin?: unknown;
}

async function newPassword(run: Run, email: string, { data, passwordStdin }: NewPasswordOptions): Promise<string> {
  const { askNewPassword, askSecret, firstLine } = await import("../invocation/terminal.ts");
  if (passwordStdin === true) return checkNewPassword(await firstLine(run.context.stdin));
  const question = `Password for ${email}: `;
  const ask = () => (data === undefined ? run.askSecret(question) : askSecret(run.context, question));
  return askNewPassword(run.context, ask, checkNewPassword);
}

/** "none" becomes null, which means no limit. */
export function parseQuota(text: string): number | null {
  if (text === "none") return null;
  const bytes = parseBytes(text);
  if (bytes === undefined)
    throw usage(`${text} is not a quota. Use a number of bytes, a value such as 500M, 100G or 2T, or none.`);
  return bytes;
}
