import { link } from "./en/link.ts";
import { admin } from "./en/admin.ts";
import { edit } from "./en/edit.ts";
import { factor } from "./en/factor.ts";
import { filter } from "./en/filter.ts";
import { firstRun } from "./en/first-run.ts";
import { gallery } from "./en/gallery.ts";
import { keys } from "./en/keys.ts";
import { notices } from "./en/notices.ts";
import { offline } from "./en/offline.ts";
import { recovery } from "./en/recovery.ts";
import { rewind } from "./en/rewind.ts";
import { setting } from "./en/setting.ts";
import { settings } from "./en/settings.ts";
import { setup } from "./en/setup.ts";
import { share } from "./en/share.ts";
import type { Words } from "./message-types.ts";

/** Words of places that wait for them (`withWords`): the first list does without. */
export const enLater = {
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
} as const satisfies Record<string, Words>;
