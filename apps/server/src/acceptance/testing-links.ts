import assert from "node:assert/strict";
import { Api, type ApiAnswer, ok } from "./testing.ts";

/**
 * Helpers that create files and links.
 * @param owner called at each use, because the owner signs in later
 */
export function linkMaker(owner: () => Api) {
  return {
    mkdir: async (path: string): Promise<string> =>
      (await ok(owner(), "POST", "/metadata", { path, kind: "folder", parents: true })).id,
    put: async (path: string, content: string) => {
      const { status, body } = await owner().put(path, content);
      assert.ok(status < 300, JSON.stringify(body));
      return body;
    },
    makeLink: async (node: string, fields: Record<string, unknown> = {}) => {
      const made = await ok(owner(), "POST", `/files/${node}/share`, { link: true, role: "viewer", ...fields });
      return { ...made, api: new Api(owner().url, made.token) };
    },
  };
}

/** Content of a file, or the status of the refusal. */
export async function readFileBy(api: Api, id: string): Promise<string | number> {
  return textOf(await api.call("GET", `/files/${id}/download`));
}

export function textOf({ status, body }: ApiAnswer): string | number {
  return status === 200 ? Buffer.from(body).toString() : status;
}
