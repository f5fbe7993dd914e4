import { link } from "./de/link.ts";
import { access } from "./de/access.ts";
import { admin } from "./de/admin.ts";
import { audit } from "./de/audit.ts";
import { clash } from "./de/clash.ts";
import { clients } from "./de/clients.ts";
import { details } from "./de/details.ts";
import { edit } from "./de/edit.ts";
import { factor } from "./de/factor.ts";
import { filter } from "./de/filter.ts";
import { find } from "./de/find.ts";
import { firstRun } from "./de/first-run.ts";
import { full } from "./de/full.ts";
import { gallery } from "./de/gallery.ts";
import { keys } from "./de/keys.ts";
import { leave } from "./de/leave.ts";
import { move } from "./de/move.ts";
import { notFound } from "./de/not-found.ts";
import { notices } from "./de/notices.ts";
import { offline } from "./de/offline.ts";
import { outside } from "./de/outside.ts";
import { overview } from "./de/overview.ts";
import { preview } from "./de/preview.ts";
import { programs } from "./de/programs.ts";
import { proof } from "./de/proof.ts";
import { purge } from "./de/purge.ts";
import { receive } from "./de/receive.ts";
import { recovery } from "./de/recovery.ts";
import { rewind } from "./de/rewind.ts";
import { saveLink } from "./de/save-link.ts";
import { setting } from "./de/setting.ts";
import { settings } from "./de/settings.ts";
import { setup } from "./de/setup.ts";
import { share } from "./de/share.ts";
import { shared } from "./de/shared.ts";
import { shred } from "./de/shred.ts";
import { tray } from "./de/tray.ts";
import { types } from "./de/types.ts";
import { view } from "./de/view.ts";
import type { LaterCatalogue } from "./en.ts";

export const deLater: LaterCatalogue = {
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
};
