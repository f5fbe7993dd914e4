import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { testClient } from "./testing-provider.ts";

type Key = Awaited<ReturnType<typeof generateKeyPair>>["privateKey"];

/** Responses of a malicious issuer. They are honest by default. */
export interface Lies {
  claims?: JWTPayload;
  header?: { readonly alg: string };
  key?: Key;
  idToken?: (honest: string) => string;
  description?: object;
  userinfo?: object;
  answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

export interface Liar {
  readonly issuer: string;
  lies: Lies;
  nonce: string;
  readonly asked: string[];
  readonly stop: () => Promise<void>;
}

export async function startLiar(): Promise<Liar> {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "its own", alg: "RS256", use: "sig" };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const liar: Liar = {
    issuer,
    lies: {},
    nonce: "",
    asked: [],
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", issuer);
    liar.asked.push(pathname);
    const { lies } = liar;
    if (lies.answer?.(request, response) === true) return;
    const json = (body: object) =>
      void response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (pathname === "/.well-known/openid-configuration") {
      return json({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        ...(lies.userinfo === undefined ? {} : { userinfo_endpoint: `${issuer}/userinfo` }),
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        ...lies.description,
      });
    }
    if (pathname === "/keys") return json({ keys: [jwk] });
    if (pathname === "/userinfo") return json({ sub: "victor", ...lies.userinfo });
    const now = Math.floor(Date.now() / 1000);
    const honestly = {
      iss: issuer,
      aud: testClient.client_id,
      sub: "victor",
      nonce: liar.nonce,
      iat: now,
      exp: now + 60,
    };
    const claims = { ...honestly, ...lies.claims };
    const signing = new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "its own", ...lies.header });
    const honest = await signing.sign(lies.key ?? privateKey);
    return json({ access_token: "a", token_type: "bearer", id_token: lies.idToken?.(honest) ?? honest });
  }
  return liar;
}
