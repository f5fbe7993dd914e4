import { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import type { AccountWorld } from "../../accounts/account-world.ts";
import type { Caller } from "../../accounts/caller.ts";
import { findLinkOf, type LiveLink, proveLink, startLinkSession } from "../../accounts/link-callers.ts";
import { listFolder } from "../../metadata/read/list-folder.ts";
import { findNode } from "../../metadata/read/look-up.ts";
import { nodeJson } from "../../metadata/read/node-json.ts";
import type { PlacedNode } from "../../metadata/read/placed-node.ts";
import { roleMay } from "../../rights/roles.ts";
import type { Uploads } from "../../uploads/uploads.ts";
import { addressGroup } from "../exchange/peer.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import type { downloadHandlers } from "../files/download-handlers.ts";
import type { Handlers, RequestContext } from "../handler.ts";
import { type AddressOf, linkPage, missingPage, type Page, passwordPage, refusedPage } from "./link-page.ts";
import { boundaryOf, readForm } from "./multipart.ts";

export interface LinkPageWorld {
  readonly accounts: AccountWorld;
  readonly uploads: Uploads;
  readonly download: ReturnType<typeof downloadHandlers>["download"];
}

/** Who has opened a link, and by what: an `access` only where there is a password. */
interface Visit {
  readonly link: LiveLink;
  readonly token: string;
  readonly caller: Caller;
  readonly access?: string | undefined;
}

/** The page that whoever has a link's address sees, without any script. */
export function linkPageHandlers(world: LinkPageWorld) {
  const { accounts } = world;
  return {
    showLink: async ({ params: { token }, query }) =>
      asPage(async () => {
        const link = await linkOf(accounts, token);
        const visit = await visitBy(accounts, link, token, query.access);
        if (visit === undefined) return { status: 200 as const, ...passwordPage(addressOf(token).page()) };
        const notice =
          query.sent === undefined ? undefined : `Sent: ${query.sent} ${query.sent === 1 ? "file" : "files"}.`;
        return { status: 200 as const, ...(await show(accounts, visit, { ...query, notice })) };
      }),
    sendToLink: async (context) =>
      asPage(async () => {
        const { params, query, headers } = context;
        const link = await linkOf(accounts, params.token);
        const isForm = /^multipart\//i.test(headers["content-type"] ?? "");
        if (!isForm) return openByPassword(accounts, context);
        const visit = await visitBy(accounts, link, params.token, query.access);
        if (visit === undefined) return { status: 403 as const, ...passwordPage(addressOf(params.token).page()) };
        const sent = await takeFiles(world, visit, context);
        const location = addressOf(params.token, query.access).page({ in: query.in ?? "root", sent: `${sent}` });
        return { status: 303 as const, bytes: "", headers: { location, "content-length": "0" } };
      }),
    downloadFromLink: async ({ params, query, headers, head, signal, reading, peer }) =>
      asPage(async () => {
        const link = await linkOf(accounts, params.token);
        const visit = await visitBy(accounts, link, params.token, query.access);
        if (visit === undefined) return { status: 403 as const, ...passwordPage(addressOf(params.token).page()) };
        const request = {
          caller: visit.caller,
          params: { id: params.id },
          query: {},
          headers,
          head,
          signal,
          reading,
          peer,
        };
        return world.download(request as RequestContext<"download">);
      }),
  } satisfies Handlers;
}

type PageWith<Status extends number> = Status extends number ? Page & { readonly status: Status } : never;
type Refusal = PageWith<403 | 404 | 409 | 429>;

/** Whatever is not there, is not there any more or is not this link's is one and the same page. */
async function asPage<Answer>(answer: () => Promise<Answer>): Promise<Answer | Refusal> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === "not_found" || error.code === "unauthenticated")
      return { status: 404 as const, ...missingPage() };
    if (error.code === "rate_limited") return { status: 429 as const, ...refusedPage(error.message) };
    if (error.code === "forbidden") return { status: 403 as const, ...refusedPage(error.message) };
    if (shownCodes.has(error.code)) return { status: 409 as const, ...refusedPage(error.message) };
    throw error;
  }
}

const shownCodes: ReadonlySet<string> = new Set([
  "quota",
  "invalid_name",
  "invalid_field",
  "too_large",
  "limit_reached",
  "conflict",
]);

async function linkOf(accounts: AccountWorld, token: string): Promise<LiveLink> {
  // Only the link's own token stands in its address.
  const link = token.startsWith("hfl_") ? await findLinkOf(accounts, token) : undefined;
  if (link === undefined) throw new HoldfastError("not_found", "There is no such link.");
  return link;
}

/** Undefined where a password is to be asked for. */
async function visitBy(
  accounts: AccountWorld,
  link: LiveLink,
  token: string,
  access: string | undefined,
): Promise<Visit | undefined> {
  if (link.password_hash !== null && access === undefined) return undefined;
  const isByAccess = link.password_hash !== null;
  const proof = isByAccess && access !== undefined ? access : token;
  const caller = await proveLink(accounts, proof).catch(() => undefined);
  if (caller?.credential.id !== link.id) return undefined;
  return { link, token, caller, access: isByAccess ? access : undefined };
}

async function openByPassword(
  accounts: AccountWorld,
  { params: { token }, peer, stream }: RequestContext<"sendToLink">,
): Promise<PageWith<200 | 403>> {
  const form = new URLSearchParams((await readBounded(stream, passwordFormBytesMax, "The form")).toString());
  const password = (form.get("password") ?? "").slice(0, limits.passwordBytesMax);
  const session = await startLinkSession(accounts, { token, password }, addressGroup(peer.address)).catch(
    (error: unknown) => {
      if (error instanceof HoldfastError && error.code === "unauthenticated") return undefined;
      throw error;
    },
  );
  const visit =
    session === undefined
      ? undefined
      : await visitBy(accounts, await linkOf(accounts, token), token, session.access_token);
  if (visit === undefined)
    return { status: 403 as const, ...passwordPage(addressOf(token).page(), "This is not the password.") };
  return { status: 200 as const, ...(await show(accounts, visit, {})) };
}

const passwordFormBytesMax = 8 * 1024;
const itemsPerPage = 200;

interface Asked {
  readonly in?: string | undefined;
  readonly cursor?: string | undefined;
  readonly notice?: string | undefined;
}

async function show({ shards }: AccountWorld, visit: Visit, asked: Asked): Promise<Page> {
  const { caller, link, token, access } = visit;
  const found = await findNode(shards, caller, asked.in ?? "root", "create");
  if (found.row.trashed_at !== null) throw new HoldfastError("not_found", "It lies in the trash.");
  const node = nodeJson(found);
  const isListed = node.kind === "folder" && roleMay(found.role, "read");
  const { items, next_cursor: next } = isListed
    ? await listFolder(shards, caller, found, { cursor: asked.cursor, limit: itemsPerPage })
    : { items: undefined, next_cursor: null };
  return linkPage({
    ownerName: link.owner_name,
    node,
    items,
    isTop: found.row.id === caller.rootId,
    mayAdd: mayAdd(found, caller),
    hasPreviews: link.max_downloads === null,
    notice: asked.notice,
    addressOf: addressOf(token, access),
    next: next ?? undefined,
  });
}

function mayAdd({ role }: PlacedNode, { scopes }: Caller): boolean {
  return roleMay(role, "create") && scopes.has("files:write");
}

/** File after file, each as it comes. @returns how many */
async function takeFiles(
  { accounts, uploads }: LinkPageWorld,
  { caller }: Visit,
  { query, headers, stream }: RequestContext<"sendToLink">,
): Promise<number> {
  const folder = await findNode(accounts.shards, caller, query.in ?? "root", "create");
  if (!mayAdd(folder, caller)) throw new HoldfastError("forbidden", "This link is for looking only.");
  let sent = 0;
  for await (const { fileName, body } of readForm(stream, boundaryOf(headers["content-type"]))) {
    if (fileName === undefined || fileName === "") continue;
    await uploads.media({
      caller,
      request: { place: { parentId: folder.row.id, name: fileName }, attributes: {}, onConflict: "rename" },
      body: Readable.from(body, { objectMode: false }),
      contentLengthBytes: undefined,
      repeatable: false,
      identify: () => ({}),
    });
    sent += 1;
  }
  return sent;
}

function addressOf(token: string, access?: string): AddressOf {
  const queryOf = (fields: Readonly<Record<string, string>>) => {
    const query = new URLSearchParams({ ...fields, ...(access === undefined ? {} : { access }) }).toString();
    return query === "" ? "" : `?${query}`;
  };
  return {
    page: (fields = {}) => `/s/${token}${queryOf(fields)}`,
    file: (id) => `/s/${token}/files/${id}${queryOf({})}`,
  };
}
