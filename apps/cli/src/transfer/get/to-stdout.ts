import type { Run } from "../../invocation/run.ts";
import { countedSource } from "./counted-source.ts";
import type { LinkAddress } from "../../links/link-address.ts";
import { atVersion } from "../../remote/at-version.ts";
import { lookUpIn } from "../../remote/look-up-shared.ts";
import { streamFile } from "./stream-file.ts";

/** @param version number or ID; undefined: the newest */
export async function toStdout(
  run: Run,
  link: LinkAddress | undefined,
  remote: string,
  version: string | undefined,
): Promise<void> {
  const { client } = await run.connect();
  const found = await lookUpIn(client, link, remote);
  const node = version === undefined ? found : await atVersion(client, found, version);
  // The folder is not used: a file's source writes nothing, and a folder node is rejected.
  const source = link ? await countedSource(client, node, ".") : undefined;
  await streamFile(client, node, (bytes) => run.output.bytes(bytes), source);
}
