import type { NotificationKind } from "@holdfast/protocol/account-settings";
import type { NotificationJson } from "@holdfast/protocol/notification-routes";
import type { Messages } from "../../messages/messages.ts";

/** Describes a notification in one line. For kinds of a newer server, names only the subject. */
export function noticeWords(notice: NotificationJson, words: Pick<Messages, "message" | "percent">): string {
  const facts = factsOf(notice, words);
  const say = Object.hasOwn(sayings, notice.kind) ? sayings[notice.kind] : undefined;
  return say === undefined ? words.message("notices.other", { what: facts.what }) : say(words, facts);
}

export function offerOf({
  kind,
  detail,
}: NotificationJson): { readonly id: string; readonly name: string } | undefined {
  const offer = detail["transfer"];
  if (kind !== "share" || typeof offer !== "object" || offer === null) return undefined;
  const id: unknown = Reflect.get(offer, "id");
  const name: unknown = Reflect.get(offer, "name");
  return typeof id === "string" && typeof name === "string" ? { id, name } : undefined;
}

/** Folder of a mass deletion, and the moment just before. */
export function rewindOf({ node, detail }: NotificationJson): { readonly id: string; readonly to: string } | undefined {
  const to = textOf(detail["moment"]);
  return detail["deletions"] === true && node !== undefined && to !== undefined ? { id: node.id, to } : undefined;
}

/** The server omits the subject after the account has lost access. */
export function isGone(notice: NotificationJson): boolean {
  const { kind, node } = notice;
  const isAboutNode = kind === "share" || kind === "comment" || kind === "mention" || kind === "watch";
  return isAboutNode && node === undefined && offerOf(notice) === undefined;
}

interface Facts {
  readonly notice: NotificationJson;
  readonly who: string;
  readonly what: string;
  readonly count: number;
}

type Said = (words: Pick<Messages, "message" | "percent">, facts: Facts) => string;

const sayings: Readonly<Record<NotificationKind, Said>> = {
  share: ({ message }, { notice, who, what }) => {
    const offer = offerOf(notice);
    if (offer !== undefined) return message("notices.transfer", { who, what: offer.name });
    return notice.node === undefined ? message("notices.shareGone", { who }) : message("notices.share", { who, what });
  },
  comment: ({ message }, { who, what }) => message("notices.comment", { who, what }),
  mention: ({ message }, { who, what }) => message("notices.mention", { who, what }),
  watch: ({ message }, { notice, who, what, count }) => {
    if (notice.detail["deletions"] === true) return message("notices.deleted", { who, what, count });
    return count > 1
      ? message("notices.changedMany", { who, what, count })
      : // If the changed item is gone, `what` is the watched folder. Its own name is in `detail`.
        message("notices.changed", { who, what: textOf(notice.detail["name"]) ?? what });
  },
  quota: ({ message, percent }, { notice }) =>
    message("notices.quota", { percent: percent(Number(notice.detail["percent"] ?? 0) / 100) }),
  device: ({ message }, { notice, what }) =>
    undeliveredWords(notice.detail, message) ??
    securityWords(notice.detail, message) ??
    message(notice.detail["suspended"] === true ? "notices.deviceStopped" : "notices.device", {
      what: textOf(notice.detail["name"]) ?? what,
    }),
  report: ({ message }) => message("notices.report"),
  server: (words, { notice: { detail } }) => serverWords({ state: detail["state"], check: detail["check"] }, words),
};

const securitySayings = {
  factor_on: "notices.factorOn",
  factor_codes: "notices.factorCodes",
  factor_code_used: "notices.factorCodeUsed",
  factor_off: "notices.factorOff",
  factor_ended: "notices.factorEnded",
  factor_guessed: "notices.factorGuessed",
  passkey_added: "notices.passkeyAdded",
  passkey_removed: "notices.passkeyRemoved",
  passkey_copied: "notices.passkeyCopied",
} as const;

/** A newer server's event has the server's name. */
function securityWords({ security, name }: NotificationJson["detail"], message: Messages["message"]) {
  if (typeof security !== "string") return undefined;
  if (!Object.hasOwn(securitySayings, security)) return textOf(name);
  return message(securitySayings[security as keyof typeof securitySayings]);
}

function undeliveredWords({ undelivered }: NotificationJson["detail"], message: Messages["message"]) {
  return typeof undelivered === "string" ? message("notices.undelivered", { what: undelivered }) : undefined;
}

/** Title of a finding of the doctor. */
export function serverWords(
  { state, check }: { readonly state: unknown; readonly check: unknown },
  { message }: Pick<Messages, "message">,
): string {
  return message(serverSayings[stateOf(state)], { what: checkWords(check, message) });
}

const serverSayings = {
  ok: "notices.serverOk",
  warn: "notices.serverWarn",
  fail: "notices.serverFail",
} as const;

function stateOf(state: unknown): keyof typeof serverSayings {
  return state === "ok" || state === "fail" ? state : "warn";
}

const checks = {
  disk: "notices.checkDisk",
  database: "notices.checkDatabase",
  clock: "notices.checkClock",
  keys: "notices.checkKeys",
  store: "notices.checkStore",
  copies: "notices.checkCopies",
  metadata: "notices.checkMetadata",
  blocks: "notices.checkBlocks",
  jobs: "notices.checkJobs",
  audit: "notices.checkAudit",
  backup: "notices.checkBackup",
  drill: "notices.checkDrill",
  certificate: "notices.checkCertificate",
  issuer: "notices.checkIssuer",
  ldap: "notices.checkLdap",
  // The server sends no notifications about these.
  sync: "notices.checkSync",
  open_files: "notices.checkOpenFiles",
  versions: "notices.checkVersions",
  proxy: "notices.checkProxy",
} as const;

/** A newer server's check has the server's name. */
function checkWords(check: unknown, message: Messages["message"]): string {
  const name = textOf(check) ?? "?";
  return Object.hasOwn(checks, name) ? message(checks[name as keyof typeof checks]) : name;
}

/** The server's own description and advice, in English. */
export function serverLines({ kind, detail }: NotificationJson, { message }: Pick<Messages, "message">): string[] {
  if (kind !== "server") return [];
  const [said, was, advice] = [textOf(detail["detail"]), textOf(detail["was"]), textOf(detail["advice"])];
  return [
    ...(said === undefined ? [] : [said]),
    ...(was === undefined ? [] : [message("notices.serverWas", { words: was })]),
    ...(advice === undefined ? [] : [message("notices.serverAdvice", { words: advice })]),
  ];
}

function factsOf(notice: NotificationJson, { message }: Pick<Messages, "message">): Facts {
  const { actor, node, detail } = notice;
  const count = detail["count"];
  return {
    notice,
    who: actor?.name ?? message("notices.somebody"),
    what: node?.name ?? message("notices.something"),
    count: typeof count === "number" ? count : 1,
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
