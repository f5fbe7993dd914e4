import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { SecurityChange } from "../../accounts/context/security-change.ts";
import type { RoleName, Words } from "./words.ts";

const rights: Readonly<Record<RoleName, string>> = {
  viewer: "You can view and download it.",
  commenter: "You can view, download and comment on it.",
  editor: "You can edit it.",
  uploader: "You can upload files to it.",
  owner: "You own it.",
};

const checkNames: Readonly<Record<string, string>> = {
  disk: "disk space",
  database: "database",
  clock: "clocks",
  keys: "keys",
  store: "store",
  copies: "second store",
  metadata: "metadata in the block store",
  blocks: "stored blocks",
  jobs: "failed jobs",
  audit: "audit log",
  backup: "backups",
  drill: "restore drill",
  certificate: "certificate",
  issuer: "sign-in through another service",
  ldap: "LDAP server",
};

export const english: Words = {
  invitation: ({ by, address, node, role, host }) => ({
    title: `${by} invites you to “${node}”`,
    more: [
      `${by} (${address}) shares “${node}” with you on ${host}. ${rights[role]}`,
      "To open it, you need an account there. The link below creates an account for this e-mail address only.",
    ],
  }),
  invitationAction: "Create your account",
  invitationExpires: (day) => `The invitation expires on ${day}.`,
  confirmation: (facts) => ({
    title: "Confirm your e-mail address",
    more: [
      accountToConfirm(facts),
      "If this account is yours, confirm the address. You may have to sign in first.",
      "If it is not yours, do not confirm it: that account would get everything that others share with this address.",
    ],
  }),
  confirmationAction: "Confirm this address",
  passwordReset: (host) => ({
    title: "Reset your password",
    more: [
      `Someone, most likely you, asked to reset the password of your account on ${host}. This link lets you choose a new password. It works once and expires after 30 minutes.`,
      "Afterwards, all your browsers and devices have to sign in again, and your personal access tokens stop working.",
    ],
  }),
  passwordResetAction: "Choose a new password",
  security: (what, host) => ({ title: security[what].title, more: [security[what].text(host), notYou] }),
  leaving: (day, host) => ({
    title: "Your account is being deleted",
    more: [
      `Someone, most likely you, deleted your account on ${host}. It is suspended now, and will be permanently deleted, with everything in it, after ${day}.`,
      "Until then, you can restore it: sign in and choose to keep the account. If you did not delete it, do this and change your password.",
    ],
  }),
  share: ({ by = english.unknownPerson, node, role }) => ({
    title: `${by} shared “${node}” with you`,
    more: role === undefined ? [] : [rights[role]],
  }),
  transfer: ({ by = english.unknownPerson, node, id }) => ({
    title: `${by} wants to transfer “${node}” to you`,
    more: [
      "If you accept, you become the owner, the item counts toward your storage, and the previous owner can still edit it. Until then, nothing changes. The offer expires after 14 days.",
      `To accept: holdfast transfer accept ${id}`,
    ],
  }),
  comment: ({ by = english.unknownPerson, node }) => ({ title: `${by} commented on “${node}”`, more: [] }),
  mention: ({ by = english.unknownPerson, node }) => ({
    title: `${by} mentioned you in a comment on “${node}”`,
    more: [],
  }),
  watch: ({ by = english.unknownPerson, node, count }) => ({
    title: count > 1 ? `${by} made ${count} changes in “${node}”` : `${by} changed “${node}”`,
    more: [],
  }),
  quota: ({ percent, used, quota }) => ({
    title: `Your storage is ${percent} % full`,
    more: [
      ...(used === undefined || quota === undefined ? [] : [`You use ${used} of ${quota}.`]),
      "When it is full, you cannot store any more files. Delete files that you do not need and empty the trash. An administrator can increase your storage (Administration, Accounts).",
    ],
  }),
  device: ({ device, time, address, country, system, by }) => ({
    title: `A new device signed in to your account: ${device}`,
    more: [
      `Signed in on ${time}${address === undefined ? "" : `, from the address ${address}`}${country === undefined ? "" : ` (a network of ${country})`}${system === undefined ? "" : `, on ${system}`}${by === undefined ? "" : `, with ${shown[by]}`}.`,
      "If this was not you, remove the device (Settings, Security, or holdfast devices) and change your password immediately, or ask an administrator to reset it.",
    ],
  }),
  suspended: ({ device, id, account, rewritten, deleted, moment, command }) => ({
    title: `A device was suspended because it changed unusually many files: ${device}`,
    more: [
      ...(account === undefined ? [] : [`The device belongs to ${account}.`]),
      `Within an hour, it rewrote ${rewritten} files and deleted ${deleted} files and folders, as ransomware does. The server accepts no more changes from it. The files on the device stay there.`,
      ...(moment === undefined ? [] : [`The last state before these changes is from ${moment}.`]),
      ...(command === undefined ? [] : [`To restore it: ${command}`]),
      `If the changes were intended, resume the device from another device: holdfast ${account === undefined ? "" : "admin "}devices resume ${id}`,
    ],
  }),
  deletions: ({ by = "Someone", node, count, moment, command }) => ({
    title: `${by} deleted at least ${count} files and folders in “${node}”`,
    more: [
      "You own this shared folder. The deleted items are in your trash.",
      ...(moment === undefined ? [] : [`The last state before the deletion is from ${moment}.`]),
      ...(command === undefined ? [] : [`To restore the folder to that state: ${command}`]),
    ],
  }),
  report: ({ reason, node }) => ({
    title: node === undefined ? "A link was reported" : `A link to “${node}” was reported`,
    more: reason === undefined ? [] : [`Reason: ${reason}.`],
  }),
  server: ({ check, state, detail, advice, was }) => {
    const name = checkNames[check] ?? check;
    const title = {
      ok: `Resolved on your server: ${name}`,
      warn: `Warning from your server: ${name}`,
      fail: `Problem on your server: ${name}`,
    }[state];
    const more = [
      ...(detail === undefined ? [] : [`${state === "ok" ? "Current result" : "Details"}: ${detail}`]),
      ...(was === undefined ? [] : [`The problem was: ${was}`]),
      ...(advice === undefined ? [] : [`What to do: ${advice}`]),
    ];
    return {
      title,
      more: state === "ok" ? more : [...more, "To list all current findings: holdfast admin doctor"],
      item: [title, ...more].join("\n"),
    };
  },
  digest: (count, host) => ({
    title: count === 1 ? `1 notification from ${host}` : `${count} notifications from ${host}`,
    more: [],
  }),
  andMore: (count) => (count === 1 ? "and one more" : `and ${count} more`),
  wrote: (by) => `${by} wrote (this text is theirs, not ours):`,
  quoted: (line) => `“${line}”`,
  unknownPerson: "Someone",
  open: (serverName) => `Open ${serverName}`,
  whyAccount: (host) => `You received this e-mail because you have an account on ${host}.`,
  whyStranger: (host) =>
    `You received this e-mail because someone on ${host} entered your address. If you do not know why, ignore this e-mail.`,
  whyPasswordReset: "If this was not you, ignore this e-mail: your password stays the same.",
  whyConfirmation: "If this was not you, ignore this e-mail: the address stays unconfirmed.",
  unsubscribe: "Unsubscribe from e-mails like this",
  unsubscribePage: {
    title: "E-mails from this server",
    ask: (kinds) =>
      `You will no longer receive e-mails about: ${kinds.join(", ")}. You can turn them on again in your settings.`,
    askStranger: "This address will no longer receive invitations from this server.",
    button: "Unsubscribe",
    done: "Done. You will no longer receive these e-mails.",
    unknown: "This link is incomplete or is not from this server.",
    kinds: {
      share: "items shared with you",
      comment: "comments",
      mention: "comments that mention you",
      watch: "changes in watched folders",
      quota: "your storage limit",
      device: "new devices",
      report: "reports",
      server: "server problems",
      digest: "the daily digest",
    },
  },
};

function accountToConfirm({ account, moves, host }: Parameters<Words["confirmation"]>[0]): string {
  if (account === undefined) return `Someone, most likely you, used this address for an account on ${host}.`;
  return moves
    ? `The account of ${account} on ${host} is being changed to this address.`
    : `The account of ${account} on ${host} has this address.`;
}

const shown: Readonly<Record<SignInKind, string>> = {
  password: "the password",
  password_app: "the password and a code from the authenticator app",
  password_passkey: "the password and a passkey",
  password_recovery_code: "the password and a recovery code",
  passkey: "a passkey",
  outside: "another service",
  browser: "approval in a browser that was signed in",
};

const notYou =
  "If this was not you, reset your password from the sign-in page immediately, check which browsers and devices are signed in, and ask an administrator for help.";

const security: Readonly<Record<SecurityChange, { readonly title: string; readonly text: (host: string) => string }>> =
  {
    password: {
      title: "Your password was changed",
      text: (host) => `Your account on ${host} has a new password. Other browsers and devices have to sign in again.`,
    },
    factor_on: {
      title: "An authenticator app was set up",
      text: (host) =>
        `Signing in to your account on ${host} now requires a code from the app in addition to the password.`,
    },
    factor_codes: {
      title: "New recovery codes were created",
      text: (host) => `The previous recovery codes of your account on ${host} no longer work.`,
    },
    factor_code_used: {
      title: "A recovery code was used",
      text: (host) => `One of the recovery codes of your account on ${host} was used. It works only once.`,
    },
    factor_off: {
      title: "Your second factor was turned off",
      text: (host) => `The password alone is now enough to sign in to your account on ${host}.`,
    },
    factor_ended: {
      title: "An administrator turned off your second factor",
      text: (host) =>
        `The password alone is now enough to sign in to your account on ${host}. All browsers and devices have to sign in again.`,
    },
    app_password: {
      title: "An app password was created",
      text: (host) =>
        `A program can use this password to open the files of your account on ${host} without a code. You can revoke it in Settings, under Tokens.`,
    },
    token: {
      title: "A personal access token was created",
      text: (host) =>
        `Programs can use this token to access your account on ${host} without a password or code, until it expires or is revoked. It is listed in Settings, under Tokens.`,
    },
    webhook: {
      title: "A webhook was created",
      text: (host) =>
        `The webhook reports changes to files in your account on ${host} to a web address. GET and DELETE /api/v1/webhooks list and remove it.`,
    },
    transfer: {
      title: "A file or folder was offered to another account",
      text: (host) =>
        `The file or folder is in your account on ${host}. The other account becomes its owner by accepting the offer. "holdfast transfer ls" lists your offers, and "holdfast transfer cancel ID" withdraws one. A new password withdraws all of them.`,
    },
    program: {
      title: "A program was authorized",
      text: (host) =>
        `A program or a device was given access to your account on ${host} from a signed-in browser. You can revoke this access in Settings, under Tokens or Devices.`,
    },
    factor_guessed: {
      title: "Someone knows your password",
      text: (host) =>
        `Someone tried to sign in to your account on ${host} with your password and wrong codes. They did not get in, and further attempts are delayed. Change your password.`,
    },
    passkey_added: {
      title: "A passkey was added",
      text: (host) =>
        `The passkey can now be used to sign in to your account on ${host} without a password. Signing in with the password now also requires a passkey or a code.`,
    },
    passkey_removed: {
      title: "A passkey was removed",
      text: (host) => `The passkey can no longer be used to sign in to your account on ${host}.`,
    },
    passkey_copied: {
      title: "A passkey may have been copied",
      text: (host) =>
        `A passkey of your account on ${host} was used with a counter value that is too low, so there may be a copy of it. The sign-in was rejected. Remove this passkey and add a new one.`,
    },
    address_wanted: {
      title: "A new e-mail address was requested for your account",
      text: (host) =>
        `Someone who is signed in to your account on ${host} requested a new e-mail address for it. The address changes when the link in the e-mail to the new address is opened. To cancel the change, reset your password.`,
    },
    address: {
      title: "The e-mail address of your account was changed",
      text: (host) =>
        `Your account on ${host} has a new e-mail address. E-mails about it are no longer sent to this address.`,
    },
    signed_out: {
      title: "Your account was signed out everywhere",
      text: (host) =>
        `An administrator ended all sessions, personal access tokens, app passwords, programs, webhooks and transfer offers of your account on ${host}. The password was not changed.`,
    },
    own_addresses: {
      title: "The networks from which your account can be used were changed",
      text: (host) =>
        `The list of networks from which your account on ${host} can be used was changed. The list is in Settings, Security. Resetting your password by e-mail removes the list.`,
    },
    outside_linked: {
      title: "A sign-in through another service was linked",
      text: (host) =>
        `This sign-in can now be used to sign in to your account on ${host} without the password. To see the service, open Settings, Security.`,
    },
    outside_first: {
      title: "A sign-in through another service now opens your account",
      text: (host) =>
        `Someone with your e-mail address signed in to your account on ${host} through another service for the first time. All earlier ways to access the account no longer work: the password, passkeys, app passwords, tokens, programs and webhooks. All browsers and devices have to sign in again. Your files are unchanged.`,
    },
    outside_unlinked: {
      title: "A sign-in through another service was unlinked",
      text: (host) => `This sign-in can no longer be used to sign in to your account on ${host}.`,
    },
  };
