import type { KeyCare } from "../../packs/cells/key-care.ts";
import type { Handlers } from "../exchange/handler.ts";

export function keyHandlers(care: KeyCare) {
  return {
    adminRotateKeys: async ({ body }) => ({
      status: 200,
      json: body.data_key === true ? await care.renewDataKeys() : await care.rotateKeyEncryptionKey(),
    }),
  } satisfies Handlers;
}
