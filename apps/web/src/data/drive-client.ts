import { ApiClient, type ApiClientOptions, type CallArguments } from "@holdfast/api-client/api-client";
import type { LooseRequest } from "@holdfast/api-client/request";
import { routeTable } from "@holdfast/protocol/route-table";
import type { RouteAnswer, RouteName, routes } from "@holdfast/protocol/routes";
import type { Acts } from "./acts.ts";
import type { Reach } from "./reach.ts";

interface DriveClientParts {
  readonly reach: Pick<Reach, "getSnapshot">;
  readonly acts: () => Promise<Acts | undefined>;
}

/** Client of a page. Changes go through `Acts`. While the server is away, other calls are tried once. */
export class DriveClient extends ApiClient {
  readonly #parts: () => DriveClientParts;

  constructor(options: ApiClientOptions, parts: () => DriveClientParts) {
    super(options);
    this.#parts = parts;
  }

  override async call<Name extends RouteName>(
    name: Name,
    ...args: CallArguments<Name>
  ): Promise<RouteAnswer<(typeof routes)[Name]>> {
    const { reach, acts } = this.#parts();
    const request: LooseRequest = args[0] ?? {};
    const send = (more: LooseRequest) =>
      super.call(name, ...([{ ...request, ...more }] as unknown as CallArguments<Name>));
    if (routeTable[name].changes === true || /^(un)?starNode$/.test(name)) {
      const loaded = await acts();
      if (loaded !== undefined) return loaded.call(name, request, send);
    }
    return send(reach.getSnapshot() ? { endsWithBreak: true } : {});
  }
}
