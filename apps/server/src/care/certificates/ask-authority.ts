import { generateKeyPairSync } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { createSecureContext } from "node:tls";
import type * as acme from "acme-client";
import { HoldfastError } from "@holdfast/core/errors";
import { z } from "zod";
import type { AcmeSettings } from "../../base/config/acme-settings.ts";
import { acmeTransport } from "./acme-transport.ts";
import { problemSchema, toValidationError } from "./authority-error.ts";
import type { ChallengeAnswers } from "./challenge-answers.ts";
import type { GivenCertificate } from "./judge-certificate.ts";
import type { KeptAccount } from "./kept-certificate.ts";

export interface AuthorityWorld {
  readonly settings: AcmeSettings;
  readonly answers: ChallengeAnswers;
  /** Port of this server, for advice in errors. */
  readonly port: number;
  readonly userAgent: string;
  readonly signal: AbortSignal;
  /** Existing account, if any, and how to store one before it is used. */
  readonly account: KeptAccount | undefined;
  readonly keepAccount: (account: KeptAccount) => Promise<void>;
}

type Library = typeof acme;
type Client = InstanceType<Library["Client"]>;

/**
 * The library is loaded only here, because it is a third of the server's size.
 * @returns the unchecked response of the authority
 */
export async function askAuthority(world: AuthorityWorld): Promise<GivenCertificate> {
  const library = await openLibrary(world);
  const { settings } = world;
  const account = world.account ?? { key: newKey(), url: undefined };
  const client = new library.Client({
    directoryUrl: settings.directory,
    accountKey: account.key,
    ...(account.url === undefined ? {} : { accountUrl: account.url }),
    backoffMin: 500,
    backoffMax: 5000,
    backoffAttempts: 20,
  });
  if (account.url === undefined) await register(client, account, world);
  try {
    return await orderCertificate(library, client, world);
  } catch (error) {
    if (!isForgotten(error) || world.account === undefined) throw error;
    return askAuthority({ ...world, account: undefined });
  }
}

async function openLibrary({ settings, userAgent, signal }: AuthorityWorld): Promise<Library> {
  const library = await import("acme-client");
  const transport = acmeTransport({ rootCertificate: settings.rootCertificate, userAgent, signal });
  // Only one client exists at a time, so the global default can be changed.
  library.axios.defaults.adapter = transport as unknown as NonNullable<typeof library.axios.defaults.adapter>;
  return library;
}

/** Stores the key before it is used, so that an account created just before a power cut is found again. */
async function register(client: Client, account: KeptAccount, world: AuthorityWorld): Promise<void> {
  await world.keepAccount(account);
  const { email } = world.settings;
  await client.createAccount({
    termsOfServiceAgreed: true,
    ...(email === undefined ? {} : { contact: [`mailto:${email}`] }),
  });
  await world.keepAccount({ ...account, url: client.getAccountUrl() });
}

/** True if the authority was set up again or has ended the account. */
function isForgotten(error: unknown): boolean {
  return error instanceof HoldfastError && error.body["type"] === "accountDoesNotExist";
}

async function orderCertificate(library: Library, client: Client, world: AuthorityWorld): Promise<GivenCertificate> {
  const { domains } = world.settings;
  const order = await client.createOrder({ identifiers: domains.map((value) => ({ type: "dns", value })) });
  const seen = await readAuthorizations(client, order);
  const ends: (() => void)[] = [];
  try {
    for (const each of seen) ends.push(...(await answer(library, client, each, world)));
    await untilValid(client, order, world);
  } finally {
    for (const end of ends) end();
  }
  const key = newKey();
  const [, request] = await library.crypto.createCsr({ altNames: [...domains] }, key);
  const finalized = await client.finalizeOrder(order, request);
  return { key, chain: z.string().parse(await client.getCertificate(finalized)) };
}

type Challenge = Parameters<Client["completeChallenge"]>[0];
type Order = Parameters<Client["getAuthorizations"]>[0];

const authorizationsSchema = z
  .array(
    z.object({
      status: z.string(),
      identifier: z.object({ type: z.literal("dns"), value: z.string().max(300) }),
      challenges: z
        .array(
          z.object({
            type: z.string(),
            url: z.string().max(2000),
            token: z
              .string()
              .regex(/^[A-Za-z0-9_-]{1,512}$/)
              .optional(),
            status: z.string(),
            error: problemSchema.optional(),
          }),
        )
        .max(50),
    }),
  )
  .max(200);
type Authorization = z.output<typeof authorizationsSchema>[number];

const orderSchema = z.object({ authorizations: z.array(z.string()).min(1).max(200) });

async function readAuthorizations(client: Client, order: Order): Promise<Authorization[]> {
  orderSchema.parse(order);
  return authorizationsSchema.parse(await client.getAuthorizations(order));
}

const challengeType = "tls-alpn-01";

/**
 * Prepares the response, then announces it.
 * @returns functions that remove the response; empty if the domain is already verified
 */
async function answer(
  library: Library,
  client: Client,
  { status, identifier, challenges }: Authorization,
  { answers, settings }: AuthorityWorld,
): Promise<(() => void)[]> {
  if (status === "valid") return [];
  const domain = identifier.value.toLowerCase();
  const found = challenges.find(({ type }) => type === challengeType);
  if (found?.token === undefined || !settings.domains.includes(domain)) {
    throw new HoldfastError(
      "usage",
      `The authority does not offer ${challengeType} for ${domain}. Choose another authority with HOLDFAST_ACME_DIRECTORY.`,
    );
  }
  // The library supports this challenge, but its types do not.
  const challenge = { type: challengeType, url: found.url, token: found.token } as unknown as Challenge;
  const shown = await client.getChallengeKeyAuthorization(challenge);
  const given = { identifier: { type: "dns", value: domain } } as Parameters<
    Library["crypto"]["createAlpnCertificate"]
  >[0];
  const [key, cert] = await library.crypto.createAlpnCertificate(given, shown, newKey());
  const end = answers.add(domain, createSecureContext({ key, cert }));
  if (found.status !== "pending") return [end];
  try {
    await client.completeChallenge(challenge);
  } catch (error) {
    end();
    throw error;
  }
  return [end];
}

const looksMax = 60;
const lookMs = 1500;

/** Authorities check from several locations, which takes seconds. */
async function untilValid(client: Client, order: Order, { signal, port }: AuthorityWorld): Promise<void> {
  for (let look = 0; look < looksMax; look += 1) {
    const seen = await readAuthorizations(client, order);
    if (seen.every(({ status }) => status === "valid")) return;
    const refused = seen.find(({ status }) => status !== "valid" && status !== "pending");
    if (refused !== undefined) throw toValidationError(refused.identifier.value, problemOf(refused), port);
    await delay(look < 5 ? lookMs / 5 : lookMs, undefined, { signal });
  }
  throw new HoldfastError("unavailable", "The authority has not finished its check. The server will ask again.");
}

function problemOf({ status, challenges }: Authorization) {
  return challenges.find(({ error }) => error !== undefined)?.error ?? { type: status, detail: "No reason was given." };
}

/** Small, and supported by all browsers. */
function newKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" });
}
