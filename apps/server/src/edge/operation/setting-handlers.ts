import type { SettingJson } from "@holdfast/protocol/admin-routes";
import type { Handlers } from "../exchange/handler.ts";

export function settingHandlers(settings: readonly SettingJson[]) {
  return {
    adminListSettings: async () => ({ status: 200, json: { items: [...settings], next_cursor: null } }),
  } satisfies Handlers;
}
