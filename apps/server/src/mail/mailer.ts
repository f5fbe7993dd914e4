import { HoldfastError } from "@holdfast/core/errors";
import { createTransport } from "nodemailer";

/** Which server takes our mail, and in whose name. */
export interface MailSettings {
  readonly host: string;
  readonly port: number;
  /** `connect`: TLS from the first byte; `needed`: STARTTLS or nothing is sent; `offered`: STARTTLS where the server has it. */
  readonly tls: "connect" | "needed" | "offered";
  readonly isCertificateChecked: boolean;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly from: { readonly name: string; readonly address: string };
}

/** A mail as it is handed to a server. */
export interface OutgoingMail {
  /** Without angle brackets; the same for every attempt, so that a recipient can tell a repetition. */
  readonly messageId: string;
  readonly atMicros: number;
  /** One address, nothing else. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Where one POST ends such mails (RFC 8058); undefined for what nobody can switch off. */
  readonly unsubscribeUrl: string | undefined;
}

export interface Mailer {
  /**
   * Resolves once the server has taken the mail, which may happen twice if the answer is lost.
   * @throws HoldfastError `failed` where it will never take it, `unavailable` where it may later
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;
}

/** How long a server may take to answer a connection, or one line. */
const answerTimeoutMs = 20_000;

/** Each mail has a connection of its own: none is held while there is nothing to send. */
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

/** Who wrote the address chose it freely: it must not be read as several, or as a command. */
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
      // Nobody's out-of-office answers it (RFC 3834).
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

/** What concerns the envelope or the mail itself: of anything else (a wrong password, no TLS) the next attempt may know better. */
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
