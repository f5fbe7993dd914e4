import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ApiClient } from "@holdfast/api-client/api-client";
import type { Run } from "../invocation/run.ts";
import { findNode } from "../remote/look-up.ts";

/**
 * A mistyped path excludes nothing. Paths that exist neither here nor on the server are reported, if the server
 * responds.
 * @param remote path of the synced folder on the server; "" is the whole drive
 */
export async function reportMissing(
  { output }: Run,
  { root, remote }: { readonly root: string; readonly remote: string },
  client: ApiClient,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) {
    if (existsSync(join(root, path))) continue;
    const isOnServer = await findNode(client, `${remote}/${path}`).then(
      (node) => node !== undefined,
      () => true,
    );
    if (!isOnServer)
      output.say(
        `sync: --exclude ${path}: there is no such path in ${root} or on the server (it will be excluded if it appears)`,
      );
  }
}
