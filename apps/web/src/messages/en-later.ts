import { link } from "./en/link.ts";
import { access } from "./en/access.ts";
import { admin } from "./en/admin.ts";
import { audit } from "./en/audit.ts";
import { clash } from "./en/clash.ts";
import { clients } from "./en/clients.ts";
import { details } from "./en/details.ts";
import { edit } from "./en/edit.ts";
import { factor } from "./en/factor.ts";
import { filter } from "./en/filter.ts";
import { find } from "./en/find.ts";
import { firstRun } from "./en/first-run.ts";
import { full } from "./en/full.ts";
import { gallery } from "./en/gallery.ts";
import { keys } from "./en/keys.ts";
import { leave } from "./en/leave.ts";
import { move } from "./en/move.ts";
import { notFound } from "./en/not-found.ts";
import { notices } from "./en/notices.ts";
import { offline } from "./en/offline.ts";
import { outside } from "./en/outside.ts";
import { overview } from "./en/overview.ts";
import { preview } from "./en/preview.ts";
import { programs } from "./en/programs.ts";
import { proof } from "./en/proof.ts";
import { purge } from "./en/purge.ts";
import { receive } from "./en/receive.ts";
import { recovery } from "./en/recovery.ts";
import { rewind } from "./en/rewind.ts";
import { saveLink } from "./en/save-link.ts";
import { setting } from "./en/setting.ts";
import { settings } from "./en/settings.ts";
import { setup } from "./en/setup.ts";
import { share } from "./en/share.ts";
import { shared } from "./en/shared.ts";
import { shred } from "./en/shred.ts";
import { tray } from "./en/tray.ts";
import { types } from "./en/types.ts";
import { view } from "./en/view.ts";
import type { Words } from "./message-types.ts";

/** Loaded by places with `withWords`; the first list does not need them. */
export const enLater = {
  ...link,
  ...access,
  ...admin,
  ...audit,
  ...clash,
  ...clients,
  ...details,
  ...edit,
  ...factor,
  ...filter,
  ...find,
  ...firstRun,
  ...full,
  ...gallery,
  ...keys,
  ...leave,
  ...move,
  ...notFound,
  ...notices,
  ...offline,
  ...outside,
  ...overview,
  ...preview,
  ...programs,
  ...proof,
  ...purge,
  ...receive,
  ...recovery,
  ...rewind,
  ...saveLink,
  ...setting,
  ...settings,
  ...setup,
  ...share,
  ...shared,
  ...shred,
  ...tray,
  ...types,
  ...view,
} as const satisfies Record<string, Words>;
