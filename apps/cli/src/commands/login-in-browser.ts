import { setTimeout as delay } from "node:timers/promises";
import type { ApiClient } from "@holdfast/api-client/api-client";
import { HoldfastError } from "@holdfast/core/errors";
import type { DeviceSystem } from "@holdfast/protocol/device-routes";
import type { RouteAnswer, routes } from "@holdfast/protocol/routes";
import type { Run } from "../invocation/run.ts";

type Answer = RouteAnswer<(typeof routes)["finishDeviceLogin"]>;
type Session = Extract<Answer, { access_token: string }>;

/**
 * Waits until the sign-in is approved in a browser, which may be on another machine and is not opened. After Ctrl-C
 * nothing is stored.
 * @returns undefined if the server does not support this
 * @throws HoldfastError unauthenticated if the sign-in was rejected or not answered in time
 */
export async function loginInBrowser(
  run: Run,
  client: ApiClient,
  device: { readonly device_name: string; readonly system?: DeviceSystem },
): Promise<Session | undefined> {
  const started = await client.call("startDeviceLogin", { body: device, asksOnce: true }).catch((thrown: unknown) => {
    if (thrown instanceof HoldfastError && ["not_found", "method_not_allowed"].includes(thrown.code)) return undefined;
    throw thrown;
  });
  if (started === undefined) return undefined;
  const { renderUnicodeCompact } = await import("uqr");
  const drawn = renderUnicodeCompact(started.verification_uri_complete, { border: 2 }).split("\n");
  const minutes = Math.round(started.expires_in / 60);
  const lines = [
    ...drawn,
    "",
    `Open ${started.verification_uri} in a browser, or scan this, and enter the code`,
    "",
    `    ${started.user_code}`,
    "",
    `Waiting up to ${minutes} minutes for you to approve the sign-in there. Press Ctrl-C to cancel.`,
  ];
  for (const line of lines) run.output.say(line);
  return wait(client, started);
}

async function wait(client: ApiClient, started: RouteAnswer<(typeof routes)["startDeviceLogin"]>): Promise<Session> {
  const endsAtMs = Date.now() + started.expires_in * 1000;
  for (let seconds = started.interval; Date.now() < endsAtMs;) {
    await delay(seconds * 1000);
    // Not retried: the session of a lost response belongs to nobody, and is visible in the list of devices.
    const answer = await client.call("finishDeviceLogin", {
      body: { device_code: started.device_code },
      asksOnce: true,
    });
    if ("access_token" in answer) return answer;
    seconds = Math.max(1, answer.interval);
  }
  throw new HoldfastError("unauthenticated", "The sign-in was not approved in the browser in time.");
}
