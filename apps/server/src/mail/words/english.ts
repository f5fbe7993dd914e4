import type { SignInKind } from "@holdfast/protocol/device-routes";
import type { SecurityChange } from "../../accounts/security-change.ts";
import type { RoleName, Words } from "./words.ts";

const rights: Readonly<Record<RoleName, string>> = {
  viewer: "You may look at it and download it.",
  commenter: "You may look at it, download it and comment on it.",
  editor: "You may change it.",
  uploader: "You may put files into it.",
  owner: "It is yours.",
};

/** By the doctor's name for them. */
const checkNames: Readonly<Record<string, string>> = {
  disk: "room on the disks",
  database: "the database",
  clock: "clocks",
  keys: "keys",
  store: "the store",
  copies: "the second store",
  metadata: "metadata in the store",
  blocks: "stored blocks",
  jobs: "jobs that were given up",
  audit: "the audit",
  backup: "backups",
  drill: "whether the backup can be restored",
};

export const english: Words = {
  invitation: ({ by, address, node, role, host }) => ({
    title: `${by} invites you to “${node}”`,
    more: [
      `${by} (${address}) shares “${node}” with you on ${host}. ${rights[role]}`,
      "You need an account there. The link below makes one for this e-mail address, and for no other.",
    ],
  }),
  invitationAction: "Create your account",
  invitationExpires: (day) => `The invitation is good until ${day}.`,
  confirmation: (facts) => ({
    title: "Confirm your e-mail address",
    more: [
      accountToConfirm(facts),
      "If this account is yours, confirm the address. You are asked to sign in to the account first.",
      "If it is not yours, do not confirm: everything that others share with this address would go to that account.",
    ],
  }),
  confirmationAction: "Confirm this address",
  passwordReset: (host) => ({
    title: "A new password",
    more: [
      `Somebody, most likely you, has forgotten the password of your account on ${host}. This link lets you choose another one; it works once, and for half an hour.`,
      "All your browsers and devices have to sign in again then, and personal access tokens end.",
    ],
  }),
  passwordResetAction: "Choose a new password",
  security: (what, host) => ({ title: security[what].title, more: [security[what].text(host), notYou] }),
  leaving: (day, host) => ({
    title: "Your account is being deleted",
    more: [
      `Somebody, most likely you, has deleted your account on ${host}. It is suspended now, and gone for good with all that is in it after ${day}.`,
      "Until then you can have it back: sign in, and say that you keep it. If it was not you, do that, and choose another password.",
    ],
  }),
  share: ({ by = english.somebody, node, role }) => ({
    title: `${by} shared “${node}” with you`,
    more: role === undefined ? [] : [rights[role]],
  }),
  transfer: ({ by = english.somebody, node, id }) => ({
    title: `${by} wants to give you “${node}”`,
    more: [
      "Once you accept it, it is yours, counts to your storage, and its old owner remains an editor. Until then nothing changes. The offer ends after 14 days.",
      `Accept it with: holdfast transfer accept ${id}`,
    ],
  }),
  comment: ({ by = english.somebody, node }) => ({ title: `${by} commented on “${node}”`, more: [] }),
  mention: ({ by = english.somebody, node }) => ({ title: `${by} mentioned you in a comment on “${node}”`, more: [] }),
  watch: ({ by = english.somebody, node, count }) => ({
    title: count > 1 ? `${by} made ${count} changes in “${node}”` : `${by} changed “${node}”`,
    more: [],
  }),
  quota: ({ percent, used, quota }) => ({
    title: `Your storage is ${percent} % full`,
    more: [
      ...(used === undefined || quota === undefined ? [] : [`${used} of ${quota} are in use.`]),
      "When it is full, nothing more can be stored. Delete what you do not need and empty the trash. An administrator can give you more (Administration, Accounts).",
    ],
  }),
  device: ({ device, time, address, country, system, by }) => ({
    title: `A new device signed in to your account: ${device}`,
    more: [
      `That was on ${time}${address === undefined ? "" : `, from the address ${address}`}${country === undefined ? "" : ` (a network of ${country})`}${system === undefined ? "" : `, on ${system}`}${by === undefined ? "" : `, with ${shown[by]}`}.`,
      "If it was not you, remove the device (Settings, Security, or holdfast devices) and choose a new password at once, or ask an administrator for one.",
    ],
  }),
  suspended: ({ device, id, account, rewritten, deleted, moment, command }) => ({
    title: `A device was stopped, as it changed very many files: ${device}`,
    more: [
      ...(account === undefined ? [] : [`It is a device of ${account}.`]),
      `Within an hour it rewrote ${rewritten} files and deleted ${deleted} files and folders, as programs do that take files hostage. The server takes no more changes from it; what it has stays on it.`,
      ...(moment === undefined ? [] : [`Just before, at ${moment}, all was as it had been.`]),
      ...(command === undefined ? [] : [`To bring that back: ${command}`]),
      `If all was meant, let the device go on from another one: holdfast ${account === undefined ? "" : "admin "}devices resume ${id}`,
    ],
  }),
  deletions: ({ by = "Somebody", node, count, moment, command }) => ({
    title: `${by} deleted at least ${count} files and folders in “${node}”`,
    more: [
      "You share this folder. All of it is in your trash.",
      ...(moment === undefined ? [] : [`Just before, at ${moment}, they were there.`]),
      ...(command === undefined ? [] : [`To bring the folder back to that moment: ${command}`]),
    ],
  }),
  report: ({ reason, node }) => ({
    title: node === undefined ? "A link was reported" : `A link to “${node}” was reported`,
    more: reason === undefined ? [] : [`Reason: ${reason}.`],
  }),
  server: ({ check, state, detail, advice, was }) => {
    const name = checkNames[check] ?? check;
    const title = {
      ok: `Well again on your server: ${name}`,
      warn: `Your server warns: ${name}`,
      fail: `Something is wrong with your server: ${name}`,
    }[state];
    const more = [
      ...(detail === undefined ? [] : [`${state === "ok" ? "It says now" : "It says"}: ${detail}`]),
      ...(was === undefined ? [] : [`What was wrong: ${was}`]),
      ...(advice === undefined ? [] : [`What to do: ${advice}`]),
    ];
    return {
      title,
      more: state === "ok" ? more : [...more, "All that the server finds now: holdfast admin doctor"],
      item: [title, ...more].join("\n"),
    };
  },
  digest: (count, host) => ({
    title: count === 1 ? `One thing happened on ${host}` : `${count} things happened on ${host}`,
    more: [],
  }),
  andMore: (count) => (count === 1 ? "and one more" : `and ${count} more`),
  wrote: (by) => `${by} wrote (this text is theirs, not ours):`,
  quoted: (line) => `“${line}”`,
  somebody: "Somebody",
  open: "Open Holdfast",
  whyAccount: (host) => `You get this mail because you have an account on ${host}.`,
  whyStranger: (host) =>
    `You get this mail because somebody on ${host} gave your address. If you know nothing of it, do nothing.`,
  whyPasswordReset: "If it was not you, do nothing: your password stays as it is.",
  whyConfirmation: "If it was not you, do nothing: the address stays unconfirmed.",
  unsubscribe: "No more mails like this",
  unsubscribePage: {
    title: "Mails from Holdfast",
    ask: (kinds) =>
      `You will get no more mails about: ${kinds.join(", ")}. You can switch them on again in your settings.`,
    askStranger: "You will get no more invitations at this address from this server.",
    button: "Unsubscribe",
    done: "Done. You will get no more of these mails.",
    unknown: "This link is not complete, or not one of this server's.",
    kinds: {
      share: "what is shared with you",
      comment: "comments",
      mention: "comments that mention you",
      watch: "what happens in watched folders",
      quota: "your storage being full",
      device: "new devices",
      report: "reports",
      server: "what the server finds wrong with itself",
      digest: "the daily digest",
    },
  },
};

function accountToConfirm({ account, moves, host }: Parameters<Words["confirmation"]>[0]): string {
  if (account === undefined) return `Somebody, most likely you, gave this address for an account on ${host}.`;
  return moves
    ? `The account of ${account} on ${host} is to move to this address.`
    : `The account of ${account} on ${host} has this address.`;
}

const shown: Readonly<Record<SignInKind, string>> = {
  password: "the password",
  password_app: "the password and a code of the authenticator app",
  password_passkey: "the password and a passkey",
  password_recovery_code: "the password and a recovery code",
  passkey: "a passkey",
  outside: "another service",
  browser: "the answer of a browser that was signed in",
};

const notYou =
  "If it was not you, have a new password mailed from the sign-in page at once, look which browsers and devices are signed in, and ask an administrator for help.";

const security: Readonly<Record<SecurityChange, { readonly title: string; readonly text: (host: string) => string }>> =
  {
    password: {
      title: "Your password was changed",
      text: (host) => `Your account on ${host} has a new password. Other browsers and devices have to sign in again.`,
    },
    factor_on: {
      title: "An authenticator app was set up",
      text: (host) => `Signing in to your account on ${host} takes a code of it from now on, beside the password.`,
    },
    factor_codes: {
      title: "New recovery codes were made",
      text: (host) => `The recovery codes that your account on ${host} had before let nobody in any more.`,
    },
    factor_code_used: {
      title: "A recovery code was used",
      text: (host) => `One of the recovery codes of your account on ${host} was used. It works only once.`,
    },
    factor_off: {
      title: "Your second factor was switched off",
      text: (host) => `The password is enough to sign in to your account on ${host} again.`,
    },
    factor_ended: {
      title: "An administrator ended your second factor",
      text: (host) =>
        `The password is enough to sign in to your account on ${host} again. All browsers and devices have to sign in anew.`,
    },
    app_password: {
      title: "An app password was made",
      text: (host) =>
        `A program opens the files of your account on ${host} with it, without a code. It is listed in Settings, under Tokens, and ends there.`,
    },
    token: {
      title: "A personal access token was created",
      text: (host) =>
        `Programs can use your account on ${host} with it, without a password or code, until it expires or is revoked. It is listed in Settings, under Tokens.`,
    },
    webhook: {
      title: "A webhook was created",
      text: (host) =>
        `It reports changes of files in your account on ${host} to a web address. GET and DELETE /api/v1/webhooks list and remove it.`,
    },
    transfer: {
      title: "A file or folder was offered to another account",
      text: (host) =>
        `The file or folder is in your account on ${host}. The other account becomes its owner by accepting the offer. "holdfast transfer ls" lists your offers, and "holdfast transfer cancel ID" withdraws one. A new password withdraws all of them.`,
    },
    program: {
      title: "A program was let in",
      text: (host) =>
        `A program or a device was let in to your account on ${host}, from a browser that is signed in. Both are listed in Settings, under Tokens and Devices, and end there.`,
    },
    factor_guessed: {
      title: "Somebody knows your password",
      text: (host) =>
        `Somebody signs in to your account on ${host} with your password and with wrong codes. Nobody is let in without a code, and each further one has to wait. Change the password.`,
    },
    passkey_added: {
      title: "A passkey was added",
      text: (host) =>
        `It signs in to your account on ${host} without a password from now on, and whoever has the password needs it, or a code, as well.`,
    },
    passkey_removed: {
      title: "A passkey was removed",
      text: (host) => `It signs in to your account on ${host} no more.`,
    },
    passkey_copied: {
      title: "A passkey seems to have been copied",
      text: (host) =>
        `One of the passkeys of your account on ${host} was shown by a device that has counted fewer uses of it than there were. Nobody was let in by it. Remove that passkey, and add a new one.`,
    },
    address_wanted: {
      title: "Your account is to move to another address",
      text: (host) =>
        `Somebody who is signed in to your account on ${host} wants it to have another e-mail address. It moves once the link that was mailed there is followed; a new password takes that back.`,
    },
    address: {
      title: "Your account has another address",
      text: (host) => `Your account on ${host} has another e-mail address now, and nothing more of it is mailed here.`,
    },
    signed_out: {
      title: "Your account was signed out everywhere",
      text: (host) =>
        `An administrator ended all sessions, personal access tokens, app passwords, programs, webhooks and offers of files of your account on ${host}. The password is as it was.`,
    },
    own_addresses: {
      title: "The networks that may use your account were changed",
      text: (host) =>
        `Your account on ${host} has another list of networks from which it may be used. The list is in Settings, Security. A new password by mail removes the list.`,
    },
    outside_linked: {
      title: "A sign-in through another service was linked",
      text: (host) =>
        `From now on it signs in to your account on ${host} without the password. Settings say which one it is.`,
    },
    outside_first: {
      title: "A sign-in through another service now opens your account",
      text: (host) =>
        `Somebody with your e-mail address signed in to your account on ${host} through another service for the first time. Everything that opened the account before has ended: its password, passkeys, app passwords, tokens, programs and webhooks. All browsers and devices have to sign in again. Your files are unchanged.`,
    },
    outside_unlinked: {
      title: "A sign-in through another service was unlinked",
      text: (host) => `Nobody signs in to your account on ${host} with it any more.`,
    },
  };
