import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { makeId, toBucket, type NotificationId, type UserId } from "@holdfast/core/ids";
import { randomBytes } from "node:crypto";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { MailSettings } from "../../base/config/mail-settings.ts";
import type { Notice } from "./notice.ts";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly user: string | undefined;
  readonly isEncrypted: boolean;
  readonly raw: string;
  /** Decoded, with lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  readonly text: string;
  readonly html: string;
}

export interface TestSmtp {
  readonly settings: MailSettings;
  readonly mails: ReceivedMail[];
  readonly refused: ReceivedMail[];
  next(): Promise<ReceivedMail>;
  /** Responses to the next mails in order; `undefined` accepts one. */
  readonly answers: ({ readonly code: number; readonly text: string } | undefined)[];
  close(): Promise<void>;
}

/** Real SMTP server on a free loopback port; accepts all mail. */
export async function startTestSmtp(
  options: SMTPServerOptions = {},
  settings: Partial<MailSettings> = {},
): Promise<TestSmtp> {
  const mails: ReceivedMail[] = [];
  const refused: ReceivedMail[] = [];
  const waiting: ((mail: ReceivedMail) => void)[] = [];
  const answers: TestSmtp["answers"] = [];
  const server = new SMTPServer({
    authOptional: true,
    closeTimeout: 100,
    onAuth: ({ username }, _, done) => done(null, { user: username ?? "" }),
    onData(stream, session, done) {
      const pieces: Buffer[] = [];
      stream.on("data", (piece: Buffer) => pieces.push(piece));
      stream.on("end", () => {
        const raw = Buffer.concat(pieces).toString("utf8");
        const { mailFrom, rcptTo } = session.envelope;
        const mail = {
          from: mailFrom === false ? "" : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          user: session.user,
          isEncrypted: session.secure,
          raw,
          ...readMail(raw),
        };
        const answer = answers.shift();
        if (answer !== undefined) {
          refused.push(mail);
          return done(Object.assign(new Error(answer.text), { responseCode: answer.code }));
        }
        mails.push(mail);
        waiting.shift()?.(mail);
        done();
      });
    },
    ...options,
  });
  server.on("error", () => {});
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    settings: {
      host: "127.0.0.1",
      port,
      tls: "offered",
      isCertificateChecked: false,
      login: undefined,
      from: { name: "Our drive", address: "drive@example.org" },
      ...settings,
    },
    mails,
    refused,
    answers,
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Decodes one text and one HTML part in any encoding. */
function readMail(raw: string): Pick<ReceivedMail, "headers" | "text" | "html"> {
  const [head, body] = splitHead(raw);
  const headers = readHeaders(head);
  const boundary = /boundary="([^"]+)"/.exec(headers.get("content-type") ?? "")?.[1] ?? "";
  const parts = body
    .split(`--${boundary}`)
    .slice(1, -1)
    .map((part) => splitHead(part.replace(/^\r\n/, "")));
  const partOf = (type: string) => {
    const found = parts.find(([partHead]) => readHeaders(partHead).get("content-type")?.startsWith(type));
    if (found === undefined) return "";
    return decodeBody(found[1], readHeaders(found[0]).get("content-transfer-encoding") ?? "7bit");
  };
  return { headers, text: partOf("text/plain"), html: partOf("text/html") };
}

function splitHead(raw: string): [head: string, body: string] {
  const end = raw.indexOf("\r\n\r\n");
  return [raw.slice(0, end), raw.slice(end + 4).replace(/\r\n$/, "")];
}

function readHeaders(head: string): Map<string, string> {
  const unfolded = head.replaceAll(/\r\n[ \t]/g, " ").split("\r\n");
  return new Map(
    unfolded.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), decodeWords(line.slice(colon + 1).trim())];
    }),
  );
}

/** Decodes RFC 2047. */
function decodeWords(value: string): string {
  return value
    .replaceAll(/\?=\s+=\?/g, "?==?")
    .replaceAll(/((?:=\?UTF-8\?[BQ]\?[^?]*\?=)+)/gi, (run) =>
      Buffer.concat(
        [...run.matchAll(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi)].map(([, kind = "", text = ""]) =>
          kind.toUpperCase() === "B" ? Buffer.from(text, "base64") : quotedPrintable(text.replaceAll("_", " ")),
        ),
      ).toString("utf8"),
    );
}

function decodeBody(body: string, encoding: string): string {
  const bytes = { base64: () => Buffer.from(body, "base64"), "quoted-printable": () => quotedPrintable(body) }[
    encoding
  ];
  return (bytes?.() ?? Buffer.from(body)).toString("utf8").replaceAll("\r\n", "\n");
}

function quotedPrintable(text: string): Buffer {
  const joined = text.replaceAll(/=\r?\n/g, "");
  const pieces = joined
    .split(/(=[0-9A-F]{2})/i)
    .map((piece) => (/^=[0-9A-F]{2}$/i.test(piece) ? Buffer.from(piece.slice(1), "hex") : Buffer.from(piece)));
  return Buffer.concat(pieces);
}

export function testNotice(notice: Partial<Notice> = {}): Notice {
  return {
    id: makeId<NotificationId>(toBucket(7), Date.now(), randomBytes(8)),
    at: Date.UTC(2026, 0, 1) * 1000,
    kind: "share",
    actor: { id: makeId<UserId>(toBucket(9), 0, randomBytes(8)), name: "Ann" },
    node: { id: "n", name: "Plans" },
    detail: { role: "editor" },
    ...notice,
  };
}
