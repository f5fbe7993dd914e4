import { formatTime } from "@holdfast/core/times";
import type { Language } from "@holdfast/protocol/account-settings";
import { readSettings } from "../../features/accounts/people/account-settings.ts";
import { findUser } from "../../features/accounts/context/directory.ts";
import type { MailWorld } from "../../features/mail/mail-world.ts";
import { listUnsentLinks } from "../../features/mail/unsent-links.ts";
import { unsubscribe } from "../../features/mail/unsubscribe.ts";
import { readUnsubscribeToken, type Unsubscription } from "../../features/mail/unsubscribe-token.ts";
import type { Handlers } from "../exchange/handler.ts";
import { askingPage, donePage, type Reader, unknownPage } from "./unsubscribe-page.ts";

export function mailHandlers(world: MailWorld) {
  return {
    unsentLinks: async ({ caller, peer }) => ({
      status: 200,
      json: {
        items: (await listUnsentLinks(world, caller)).map(({ link, at, expiresAt, id, to, template }) => ({
          id,
          to,
          template,
          url: peer.publicUrl + link,
          at: formatTime(at),
          expires_at: formatTime(expiresAt),
        })),
        next_cursor: null,
      },
    }),
    askUnsubscribe: async ({ params }) => {
      const of = await readToken(world, params.token);
      if (of === undefined) return { status: 404, ...unknownPage(readerOf(world, world.language ?? "en")) };
      return { status: 200, ...askingPage(of, readerOf(world, await languageOf(world, of))) };
    },
    unsubscribe: async ({ params }) => {
      const of = await readToken(world, params.token);
      if (of === undefined) return { status: 404, ...unknownPage(readerOf(world, world.language ?? "en")) };
      await unsubscribe(world, of);
      return { status: 200, ...donePage(readerOf(world, await languageOf(world, of))) };
    },
  } satisfies Handlers;
}

/** @returns undefined also if the account no longer exists */
async function readToken({ secrets, shards }: MailWorld, token: string): Promise<Unsubscription | undefined> {
  const of = readUnsubscribeToken(secrets.mailKey, token);
  if (of === undefined || !("userId" in of)) return of;
  return (await findUser(shards, of.userId)) === undefined ? undefined : of;
}

async function languageOf(world: MailWorld, of: Unsubscription): Promise<Language> {
  return "userId" in of ? (await readSettings(world, of.userId)).language : (world.language ?? "en");
}

function readerOf({ serverName }: MailWorld, language: Language): Reader {
  return { language, serverName };
}
