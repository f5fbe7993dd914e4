import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Independent provider (panva's `oidc-provider`) in its own process. */
export interface TestProvider {
  readonly issuer: string;
  /** Sets the claims for a login name, in addition to the verified address NAME@example.com. */
  readonly setClaims: (login: string, claims: object) => Promise<void>;
  readonly stop: () => Promise<void>;
}

export const testClient = { client_id: "holdfast", client_secret: "a secret between the two of them" };

export async function startTestProvider(): Promise<TestProvider> {
  const child = fork(import.meta.filename, ["provider"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  // A failed test must neither leave the process behind nor wait for it.
  const end = () => void child.kill();
  process.once("exit", end);
  const [issuer] = (await once(child, "message")) as [string];
  child.unref();
  child.channel?.unref();
  return {
    issuer,
    setClaims: async (login, claims) => {
      child.send({ login, claims });
      await once(child, "message");
    },
    stop: async () => {
      process.off("exit", end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}

export async function visitProvider(start: string, login: string): Promise<URL> {
  const jar = new Map<string, string>();
  let [url, form] = [new URL(start), undefined as string | undefined];
  for (let steps = 0; steps < 20; steps += 1) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }) };
    const answer = await fetch(url, {
      redirect: "manual",
      headers,
      ...(form === undefined ? {} : { method: "POST", body: form }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const [name = "", value = ""] = pair.split("=", 2);
      jar.set(name, value);
    }
    const location = answer.headers.get("location");
    const text = await answer.text();
    form = undefined;
    if (location !== null) {
      url = new URL(location, url);
      if (url.pathname === "/sign-in/callback") return url;
      continue;
    }
    const action = /action="([^"]+)"/.exec(text)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
    if (action === undefined || prompt === undefined) throw new Error(`The provider showed: ${text.slice(0, 2000)}`);
    url = new URL(action, url);
    form = new URLSearchParams({ prompt, ...(prompt === "login" ? { login, password: "any" } : {}) }).toString();
  }
  throw new Error("The provider sends its visitors around in circles.");
}

async function serveProvider(): Promise<void> {
  const { default: Provider } = await import("oidc-provider");
  let listener: (request: IncomingMessage, response: ServerResponse) => unknown = () => {};
  const server = createServer((request, response) => void listener(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claimsByLogin = new Map<string, object>();
  const provider = new Provider(issuer, {
    clients: [{ ...testClient, redirect_uris: [`${issuer}/sign-in/callback`] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups", "plan", "amr"] },
    cookies: { keys: ["a key of this test"] },
    pkce: { required: () => true },
    findAccount: (_: unknown, login: string) => ({
      accountId: login,
      claims: () => ({ sub: login, email: `${login}@example.com`, email_verified: true, ...claimsByLogin.get(login) }),
    }),
  });
  // The port of the tested server is not known yet.
  provider.Client.prototype.redirectUriAllowed = (uri) => uri.endsWith("/sign-in/callback");
  listener = provider.callback();
  process.on("message", ({ login, claims }: { login: string; claims: object }) => {
    claimsByLogin.set(login, claims);
    process.send?.("set");
  });
  process.once("disconnect", () => process.exit());
  process.send?.(issuer);
}

if (process.argv[2] === "provider" && process.argv[1] === import.meta.filename) await serveProvider();
