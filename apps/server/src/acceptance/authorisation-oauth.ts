import type { RouteName } from "@holdfast/protocol/routes";
import { plain, type Row } from "./authorisation-rows.ts";

const noProgram = { path: { id: "hf-none" } };
const unknownCode = { user_code: "BCDF-GHJK" };

export const oauthRows = {
  adminListOauthClients: { request: plain, stranger: "403", owner: [200] },
  adminAddOauthClient: {
    request: () => ({ body: { name: "p", redirect_uris: ["https://program.example/back"] } }),
    stranger: "403",
    owner: [201],
  },
  adminRemoveOauthClient: { request: () => noProgram, stranger: "403", owner: [404] },
  listAuthorizedPrograms: { request: plain, stranger: "own", owner: [200] },
  removeAuthorizedProgram: { request: () => ({ path: { id: "none" } }), stranger: "404", owner: [404] },
  // Not requested by a page of this server.
  readProgramRequest: { request: () => ({ path: { id: "none" }, body: {} }), stranger: "403", owner: [403] },
  answerProgramRequest: {
    request: () => ({ path: { id: "none" }, body: { allow: true } }),
    stranger: "403",
    owner: [403],
  },
  readDeviceRequest: { request: () => ({ body: unknownCode }), stranger: "404", owner: [404] },
  answerDeviceRequest: { request: () => ({ body: { ...unknownCode, allow: true } }), stranger: "404", owner: [404] },
  readSignOutRequest: { request: () => ({ body: { sign_out_request: "forged" } }), stranger: "open", owner: [404] },
  startDeviceLogin: { request: () => ({ body: { device_name: "d" } }), stranger: "open", owner: [201] },
  finishDeviceLogin: { request: () => ({ body: { device_code: "hfv_000_forged" } }), stranger: "open", owner: [401] },
} satisfies { readonly [Name in RouteName]?: Row };
