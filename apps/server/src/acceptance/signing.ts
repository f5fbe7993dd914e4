import assert from "node:assert/strict";
import { after, before } from "node:test";
import { newPerson } from "./new-person.ts";
import { requestRaw } from "./raw-request.ts";
import { Api, makeFolder, ok, removeFolder, type RunningServer, type ServerOptions, startServer } from "./testing.ts";

/** Separate server for one `describe`, with helpers to get signed addresses. */
export function useSigning(name: string) {
  return useSigningAt(startServer, name);
}

export function useSigningAt<Server extends RunningServer>(
  start: (options: ServerOptions) => Promise<Server>,
  name: string,
) {
  let folder: string;
  let server: Server;
  let admin: Api;

  before(async () => {
    folder = makeFolder(name);
    server = await start({ dataFolder: `${folder}/data` });
    admin = await Api.signIn(server.url);
  });
  after(async () => {
    await server?.stop();
    removeFolder(folder);
  });

  const sign = async (api: Api, body: object): Promise<string[]> =>
    (await ok(api, "POST", "/signed-urls", body)).urls.map(({ url }: { url: string }) => url);
  return {
    get folder() {
      return folder;
    },
    get server() {
      return server;
    },
    get admin() {
      return admin;
    },
    ok,
    sign,
    newPerson: () => newPerson(admin),
    mkdir: async (api: Api, path: string) =>
      (await ok(api, "POST", "/metadata", { path, kind: "folder", parents: true })).id as string,
    put: async (api: Api, path: string, content: string | Uint8Array, query = "") => {
      const answer = await api.put(path, content, query);
      assert.ok(answer.status < 300, `put ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body as { id: string; version_id: string; content_id: string };
    },
    signOne: async (api: Api, id: string, use = "download", version?: unknown) =>
      (await sign(api, { items: [{ id, use, version }] }))[0] ?? "",
    textOf: async (url: string) => {
      const { status, bytes } = await requestRaw(url);
      assert.equal(status, 200, bytes.toString());
      return bytes.toString();
    },
    statusOf: async (url: string) => (await requestRaw(url)).status,
  };
}
