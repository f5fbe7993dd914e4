import { link } from "./de/link.ts";
import { admin } from "./de/admin.ts";
import { edit } from "./de/edit.ts";
import { factor } from "./de/factor.ts";
import { filter } from "./de/filter.ts";
import { firstRun } from "./de/first-run.ts";
import { gallery } from "./de/gallery.ts";
import { keys } from "./de/keys.ts";
import { notices } from "./de/notices.ts";
import { offline } from "./de/offline.ts";
import { recovery } from "./de/recovery.ts";
import { rewind } from "./de/rewind.ts";
import { setting } from "./de/setting.ts";
import { settings } from "./de/settings.ts";
import { setup } from "./de/setup.ts";
import { share } from "./de/share.ts";
import type { LaterCatalogue } from "./en.ts";

export const deLater: LaterCatalogue = {
  ...link,
  ...admin,
  ...edit,
  ...factor,
  ...filter,
  ...firstRun,
  ...gallery,
  ...keys,
  ...notices,
  ...offline,
  ...recovery,
  ...rewind,
  ...setting,
  ...settings,
  ...setup,
  ...share,
};
