import { decimalMarkOf, formatBytes } from "@holdfast/core/format-bytes";
import type { Language, NotificationKind } from "@holdfast/protocol/account-settings";
import { signInKinds } from "@holdfast/protocol/device-routes";
import { role } from "@holdfast/protocol/values";
import { z } from "zod";
import type { Notice } from "./notice.ts";
import { shownFileName, shownLines, shownName } from "./shown-text.ts";
import type { Said, Words } from "./words/words.ts";

/** Missing or invalid details are omitted from the mail. */
const detailSchema = z.object({
  role: role.optional().catch(undefined),
  transfer: z.object({ id: z.string(), name: z.string() }).optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  text: z.string().optional().catch(undefined),
  /** Changes in a watched folder. */
  count: z.int().min(1).optional().catch(undefined),
  percent: z.int().optional().catch(undefined),
  used_bytes: z.int().optional().catch(undefined),
  quota_bytes: z.int().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
  /** A guest deleted many files in a share; `node` is the shared folder. */
  deletions: z.boolean().optional().catch(undefined),
  suspended: z.boolean().optional().catch(undefined),
  address: z.string().optional().catch(undefined),
  country: z
    .string()
    .regex(/^[A-Z]{2}$/)
    .optional()
    .catch(undefined),
  system: z.string().optional().catch(undefined),
  signed_in_by: z.enum(signInKinds).optional().catch(undefined),
  device_id: z.string().optional().catch(undefined),
  account: z.object({ email: z.string() }).optional().catch(undefined),
  rewritten: z.int().optional().catch(undefined),
  deleted: z.int().optional().catch(undefined),
  moment: z.string().optional().catch(undefined),
  command: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  check: z.string().optional().catch(undefined),
  state: z.enum(["ok", "warn", "fail"]).optional().catch(undefined),
  detail: z.string().optional().catch(undefined),
  advice: z.string().optional().catch(undefined),
  was: z.string().optional().catch(undefined),
});

/** Maximum length of text quoted below a notice. */
export const noticeQuoteCharactersMax = 300;

interface Facts {
  readonly notice: Notice;
  readonly detail: z.output<typeof detailSchema>;
  readonly by: string | undefined;
  readonly node: string;
  readonly language: Language;
}

export function sayNotice(notice: Notice, words: Words, language: Language): Said {
  const by = notice.actor === null ? undefined : shownName(notice.actor.name);
  const node = notice.node === null ? "/" : shownName(notice.node.name);
  return sayings[notice.kind](words, { notice, detail: detailSchema.parse(notice.detail), by, node, language });
}

const sayings: Readonly<Record<NotificationKind, (words: Words, facts: Facts) => Said>> = {
  share: (words, { by, node, detail }) =>
    detail.transfer === undefined
      ? words.share({ by, node, role: detail.role })
      : words.transfer({ by, node: shownName(detail.transfer.name), id: shownName(detail.transfer.id) }),
  comment: (words, { by, node }) => words.comment({ by, node }),
  mention: (words, { by, node }) => words.mention({ by, node }),
  watch: (words, { by, node, detail }) => words.watch({ by, node, count: detail.count ?? 1 }),
  quota: (words, { detail, language }) =>
    words.quota({
      percent: detail.percent ?? 80,
      used: bytesIn(language, detail.used_bytes),
      quota: bytesIn(language, detail.quota_bytes),
    }),
  device: (words, facts) => {
    if (facts.detail.deletions === true) return sayDeletions(words, facts);
    return facts.detail.suspended === true ? sayStopped(words, facts) : saySignedIn(words, facts);
  },
  report: (words, { notice, detail, node }) =>
    words.report({
      reason: detail.reason === undefined ? undefined : shownName(detail.reason),
      node: notice.node === null ? undefined : node,
    }),
  server: (words, { detail: { check, state, detail, advice, was } }) =>
    words.server({
      check: shownName(check ?? "?"),
      state: state ?? "warn",
      detail: doctorWords(detail),
      advice: doctorWords(advice),
      was: doctorWords(was),
    }),
};

/** One line, which may be longer than a name. */
function doctorWords(text: string | undefined): string | undefined {
  if (text === undefined || text === "") return undefined;
  return shownLines(text, doctorCharactersMax).join(" ");
}

const doctorCharactersMax = 600;

function saySignedIn(words: Words, { notice, detail, language }: Facts): Said {
  return words.device({
    device: shownName(detail.name ?? "?"),
    time: timeIn(language, notice.at),
    address: detail.address === undefined ? undefined : shownName(detail.address),
    country: countryIn(language, detail.country),
    system: detail.system === undefined ? undefined : shownName(detail.system),
    by: detail.signed_in_by,
  });
}

function sayDeletions(words: Words, { node, detail: { name, count, moment, command }, language }: Facts): Said {
  return words.deletions({
    by: name === undefined ? undefined : shownName(name),
    node,
    count: new Intl.NumberFormat(language).format(count ?? 1),
    moment: moment === undefined ? undefined : shownName(moment),
    // Not shortened, because the user types it.
    command: command === undefined ? undefined : shownFileName(command),
  });
}

function sayStopped(words: Words, { detail, language }: Facts): Said {
  const { name, device_id: id, account, rewritten, deleted, moment, command } = detail;
  const number = new Intl.NumberFormat(language);
  return words.suspended({
    device: shownName(name ?? "?"),
    id: shownName(id ?? "?"),
    account: account === undefined ? undefined : shownName(account.email),
    rewritten: number.format(rewritten ?? 0),
    deleted: number.format(deleted ?? 0),
    moment: moment === undefined ? undefined : shownName(moment),
    command: command === undefined ? undefined : shownName(command),
  });
}

export function quoteOf(notice: Notice, words: Words): { by: string; lines: string[] } | undefined {
  const { message, text } = detailSchema.parse(notice.detail);
  const lines = shownLines(message ?? text ?? "", noticeQuoteCharactersMax);
  if (lines.every((line) => line === "")) return undefined;
  return { by: words.wrote(notice.actor === null ? words.unknownPerson : shownName(notice.actor.name)), lines };
}

export function dayIn(language: Language, micros: number): string {
  return new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(micros / 1000);
}

function countryIn(language: Language, code: string | undefined): string | undefined {
  return code === undefined ? undefined : new Intl.DisplayNames(language, { type: "region" }).of(code);
}

function timeIn(language: Language, micros: number): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  return `${format.format(micros / 1000)} UTC`;
}

function bytesIn(language: Language, bytes: number | undefined): string | undefined {
  return bytes === undefined ? undefined : formatBytes(bytes, decimalMarkOf(language));
}
