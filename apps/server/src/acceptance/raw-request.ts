import { once } from "node:events";
import { type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from "node:http";
import { buffer } from "node:stream/consumers";

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly json: ReturnType<typeof JSON.parse>;
}

/** Sends exactly these headers, including those that `fetch` reserves: Host, Origin, Cookie. */
export async function requestRaw(
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: OutgoingHttpHeaders;
    readonly body?: string | Uint8Array | undefined;
  } = {},
): Promise<RawAnswer> {
  const { method = "GET", headers = {}, body } = options;
  const sent = request(url, { method, headers, agent: false });
  sent.setTimeout(60_000, () => sent.destroy(new Error(`${url} was not answered`)));
  sent.end(body);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const bytes = await buffer(answer);
  const isJson = /json/.test(answer.headers["content-type"] ?? "") && bytes.length > 0;
  const json = isJson ? JSON.parse(bytes.toString()) : undefined;
  return { status: answer.statusCode ?? 0, headers: answer.headers, bytes, json };
}
