import { HoldfastError } from "@holdfast/core/errors";
import type { AccountWorld } from "../features/accounts/context/account-world.ts";
import type { Config } from "../base/config/read-config.ts";
import type { Mailer } from "../features/mail/mailer.ts";
import type { MailWorld } from "../features/mail/mail-world.ts";
import type { Log } from "../base/operation/log.ts";

export interface OpenedMail extends MailWorld {
  /** Sets the server's address, with which links begin unless another one is configured. */
  listensAt(url: string): void;
}

/** Logs once where mail goes, and the start of its links if not configured. */
export async function openMail(config: Config, accounts: AccountWorld, log: Log): Promise<OpenedMail> {
  const { mail } = config;
  let { publicUrl } = config;
  let mailer: Mailer | undefined;
  if (mail === undefined) {
    log.info({}, "no e-mail is sent: HOLDFAST_SMTP_URL is not set; administrators have to send the links themselves");
  } else {
    const { openMailer } = await import("../features/mail/mailer.ts");
    mailer = openMailer(mail);
    log.info({ host: mail.host, port: mail.port, from: mail.from.address }, "mail is sent");
    if (publicUrl === undefined)
      log.warn({}, "links in e-mails use the address that this server listens on: set HOLDFAST_PUBLIC_URL");
  }
  return {
    ...accounts,
    mailer,
    publicUrl: () => {
      if (publicUrl === undefined) throw new HoldfastError("unavailable", "The server is not listening yet.");
      return publicUrl;
    },
    listensAt: (url) => void (publicUrl ??= url),
  };
}
