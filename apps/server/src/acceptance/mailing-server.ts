import type { SMTPServerOptions } from "smtp-server";
import { startTestSmtp, type TestSmtp } from "../features/mail/testing.ts";
import { Api, makeFolder, removeFolder, type RunningServer, startServer } from "./testing.ts";

export interface MailingServerOptions {
  readonly port?: number;
  /** Additional settings, which override those for mail. */
  readonly env?: Readonly<Record<string, string>>;
  readonly smtp?: SMTPServerOptions;
}

export interface MailingServer {
  readonly folder: string;
  readonly smtp: TestSmtp;
  readonly server: RunningServer;
  readonly admin: Api;
  stop(): Promise<void>;
}

export async function startMailingServer(name: string, options: MailingServerOptions = {}): Promise<MailingServer> {
  await using made = new AsyncDisposableStack();
  const folder = makeFolder(name);
  made.defer(() => removeFolder(folder));
  const smtp = await startTestSmtp(options.smtp);
  made.defer(() => smtp.close());
  const server = await startServer({
    dataFolder: `${folder}/data`,
    ...(options.port === undefined ? {} : { port: options.port }),
    env: {
      HOLDFAST_SMTP_URL: `smtp://127.0.0.1:${smtp.settings.port}`,
      HOLDFAST_MAIL_FROM: "drive@example.org",
      HOLDFAST_PUBLIC_URL: "https://drive.example.org",
      ...options.env,
    },
  });
  made.defer(async () => {
    await server.stop();
  });
  const admin = await Api.signIn(server.url);
  const all = made.move();
  return { folder, smtp, server, admin, stop: () => all.disposeAsync() };
}
