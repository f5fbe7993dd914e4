import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import { isByToken, neededSignedIn } from "../../features/accounts/callers/signed-in-only.ts";
import type { OauthWorld } from "../../features/oauth/artifacts.ts";
import { addClient, listClients, removeClient } from "../../features/oauth/clients.ts";
import { finishDeviceLogin, startDeviceLogin } from "../../features/oauth/device-login.ts";
import { answerDeviceRequest, readDeviceRequest } from "../../features/oauth/device-requests.ts";
import { listPrograms, removeProgram } from "../../features/oauth/grants.ts";
import { answerProgramRequest, readProgramRequest } from "../../features/oauth/program-requests.ts";
import { readSignOutRequest } from "../../features/oauth/sign-out-requests.ts";
import { addressGroup } from "../exchange/peer.ts";
import type { Handlers } from "../exchange/handler.ts";
import { countQuestion } from "./waiting-questions.ts";

export function oauthHandlers(world: AccountWorld) {
  return {
    ...oauthClientHandlers(world),
    listAuthorizedPrograms: async ({ caller }) => ({
      status: 200,
      json: { items: await listPrograms(world, caller.userId), next_cursor: null },
    }),
    removeAuthorizedProgram: async ({ caller, params }) => {
      await removeProgram(world, caller.userId, params.id);
      return { status: 204 };
    },
    readProgramRequest: async ({ caller, params, headers }) => ({
      status: 200,
      json: await readProgramRequest(world, caller, params.id, headers.cookie),
    }),
    answerProgramRequest: async ({ caller, params, body, headers }) => ({
      status: 200,
      json: { url: await answerProgramRequest(world, caller, params.id, { ...body, cookies: headers.cookie }) },
    }),
    readDeviceRequest: async ({ caller, body, peer }) => ({
      status: 200,
      json: await readDeviceRequest(world, caller, body.user_code, addressGroup(peer.address)),
    }),
    answerDeviceRequest: async ({ caller, body, peer }) => {
      await answerDeviceRequest(world, caller, body, addressGroup(peer.address));
      return { status: 204 };
    },
    readSignOutRequest: async ({ body }) => ({
      status: 200,
      json: await readSignOutRequest(world, body.sign_out_request),
    }),
    startDeviceLogin: async ({ body, headers, peer }) => {
      await countQuestion(world, peer);
      const asker = { address: peer.address, agent: headers["user-agent"] };
      const started = await startDeviceLogin(world, body, asker);
      const address = `${peer.publicUrl}/device`;
      return {
        status: 201,
        json: {
          device_code: started.deviceCode,
          user_code: started.userCode,
          verification_uri: address,
          // The code follows the #, so that it is not logged.
          verification_uri_complete: `${address}#${started.userCode}`,
          expires_in: started.expiresInSeconds,
          interval: started.intervalSeconds,
        },
      };
    },
    finishDeviceLogin: async ({ body, peer, note }) => {
      const answer = await finishDeviceLogin(world, body.device_code, peer.address);
      if ("waitSeconds" in answer) return { status: 202, json: { interval: answer.waitSeconds } };
      note({ userId: answer.userId, deviceId: answer.session.device_id });
      return { status: 200, json: { ...answer.session, email: answer.email } };
    },
  } satisfies Handlers;
}

export function oauthClientHandlers(world: OauthWorld) {
  return {
    adminListOauthClients: async () => ({ status: 200, json: { items: await listClients(world), next_cursor: null } }),
    adminAddOauthClient: async ({ caller, body }) => {
      // Users would be asked to authorize the program long after the token has ended.
      if (isByToken(caller)) throw neededSignedIn("cannot register a program");
      return { status: 201, json: await addClient(world, body) };
    },
    adminRemoveOauthClient: async ({ caller, params }) => {
      if (isByToken(caller)) throw neededSignedIn("cannot remove a program");
      await removeClient(world, params.id);
      return { status: 204 };
    },
  } satisfies Handlers;
}
