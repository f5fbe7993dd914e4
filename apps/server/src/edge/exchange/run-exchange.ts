import type { AdmittedWork } from "./admission.ts";
import type { LooseAnswer } from "./answer.ts";
import { Exchange } from "./exchange.ts";
import type { Arrived, ExchangeWorld } from "./exchange-world.ts";
import type { Later } from "./handler.ts";
import type { Mounted } from "./mounted.ts";

/**
 * Never rejects. Resolves early if the handler answers later, so that no memory of the first part is kept.
 * @param work has begun, and closes with the handler
 */
export async function runExchange(
  world: ExchangeWorld,
  mounted: Mounted,
  arrived: Arrived,
  work: AdmittedWork,
): Promise<void> {
  const exchange = new Exchange(world, mounted, arrived, work);
  let answer: LooseAnswer | Later<LooseAnswer>;
  try {
    await exchange.open();
    answer = await mounted.handler(exchange);
    if (!("later" in answer)) await exchange.record(answer);
  } catch (thrown) {
    return await exchange.refuseRecorded(thrown);
  } finally {
    exchange.releaseJson();
    work.close();
  }
  if ("later" in answer) exchange.wait(answer);
  else await exchange.answer(answer);
}
