import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";

/** File to save or show, or several items as a zip, loaded by the browser itself. */
export type Wanted =
  | {
      readonly id: string;
      /** Number or id. Default: the newest version. */
      readonly version?: number | string | undefined;
      readonly use: "download" | "media";
    }
  | { readonly ids: readonly string[]; readonly use: "zip"; readonly name: string };

/** @returns URL without token, valid for 15 minutes */
export async function signedAddress(client: ApiClient, wanted: Wanted): Promise<string> {
  const { urls } = await client.call("createSignedUrls", { body: bodyOf(wanted) });
  const [signed] = urls;
  if (signed === undefined) throw new HoldfastError("internal", "The server did not sign the address.");
  return signed.url;
}

export async function saveFrom(client: ApiClient, wanted: Wanted): Promise<void> {
  saveAddress(await signedAddress(client, wanted));
}

export function saveAddress(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.rel = "noopener";
  document.body.append(link);
  link.click();
  link.remove();
}

function bodyOf(wanted: Wanted) {
  if (wanted.use === "zip") return { ids: [...wanted.ids], use: wanted.use, name: wanted.name };
  const { id, version, use } = wanted;
  return { items: [version === undefined ? { id, use } : { id, version, use }] };
}
