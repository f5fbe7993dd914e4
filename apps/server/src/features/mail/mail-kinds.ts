import type { Kinds } from "../../base/queue/kind.ts";
import { noticeGatherer } from "./gather-notices.ts";
import type { MailWorld } from "./mail-world.ts";
import { passwordResetKind, passwordResetter } from "./mail-password.ts";
import { gatherKind } from "./notify-by-mail.ts";
import { mailKind } from "./order-mail.ts";
import { mailSender, type OnUndelivered } from "./send-mail.ts";

export function mailKinds(world: MailWorld, onUndelivered: OnUndelivered): Kinds {
  return {
    [passwordResetKind]: passwordResetter(world),
    [mailKind]: mailSender(world, onUndelivered),
    [gatherKind]: noticeGatherer(world),
  };
}
