import { HoldfastError } from "@holdfast/core/errors";
import { createTransport } from "nodemailer";
import type { MailSettings } from "../../base/config/mail-settings.ts";

export interface OutgoingMail {
  /** Without angle brackets. Equal for every attempt, so that recipients recognize repetitions. */
  readonly messageId: string;
  readonly atMicros: number;
  /** Exactly one address. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** One-click unsubscribe by POST (RFC 8058); undefined for mails that cannot be switched off. */
  readonly unsubscribeUrl: string | undefined;
}

export interface Mailer {
  /**
   * Resolves when the server has accepted the mail. A lost response may cause a second sending.
   * @throws HoldfastError `failed` if the server will never accept the mail, `unavailable` if it may later
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;
}

/** Timeout for a connection or one line of the server. */
const answerTimeoutMs = 20_000;

export function openMailer(settings: MailSettings, timeoutMs: number = answerTimeoutMs): Mailer {
  const { host, port, tls, isCertificateChecked, login, from } = settings;
  const transport = createTransport({
    host,
    port,
    secure: tls === "connect",
    requireTLS: tls === "needed",
    tls: { rejectUnauthorized: isCertificateChecked },
    ...(login === undefined ? {} : { auth: { user: login.user, pass: login.password } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(mail, signal) {
      assertOneAddress(mail.to);
      try {
        await transport.sendMail({ ...messageOf(mail, from), signal });
      } catch (error) {
        throw toRefusal(error);
      }
    },
  };
}

/** The untrusted address must not be parsed as several addresses or a command. */
const oneAddress = /^[^\s@<>()[\],;:\\"\p{Cc}]{1,64}@[^\s@<>()[\],;:\\"\p{Cc}]{1,253}$/u;

function assertOneAddress(address: string): void {
  if (oneAddress.test(address)) return;
  throw new HoldfastError("failed", "E-mail cannot be sent to this address.");
}

function messageOf(mail: OutgoingMail, from: MailSettings["from"]) {
  const { unsubscribeUrl } = mail;
  return {
    from,
    to: { name: "", address: mail.to },
    envelope: { from: from.address, to: [mail.to] },
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    messageId: `<${mail.messageId}>`,
    date: new Date(mail.atMicros / 1000),
    headers: {
      // Prevents automatic replies (RFC 3834).
      "Auto-Submitted": "auto-generated",
      ...(unsubscribeUrl === undefined
        ? {}
        : { "List-Unsubscribe": `<${unsubscribeUrl}>`, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" }),
    },
  };
}

interface SmtpError {
  readonly code?: unknown;
  readonly responseCode?: unknown;
  readonly message?: unknown;
}

/**
 * Permanent errors, of the envelope or the mail. Others, such as a wrong password or missing TLS, may be fixed before
 * the next attempt.
 */
const mailsOwn: ReadonlySet<unknown> = new Set(["EENVELOPE", "EMESSAGE"]);

function toRefusal(error: unknown): HoldfastError {
  const { code, responseCode, message } = error as SmtpError;
  const isForGood = mailsOwn.has(code) && !(typeof responseCode === "number" && responseCode < 500);
  return new HoldfastError(
    isForGood ? "failed" : "unavailable",
    `The mail server rejected the e-mail: ${String(message)}`,
    {
      cause: error,
    },
  );
}
