import type { ApiClient } from "@holdfast/api-client/api-client";
import { isId } from "@holdfast/core/ids";
import type { NodeJson } from "@holdfast/protocol/values";
import { lookUp, showMount } from "./look-up.ts";

/** What a path or an id names; of a mount what it shows, which is what people share and leave. @throws HoldfastError not_found */
export async function lookUpShared(client: ApiClient, given: string): Promise<NodeJson> {
  const node = isId(given) ? await client.call("getNode", { params: { id: given } }) : await lookUp(client, given);
  return showMount(client, node);
}
