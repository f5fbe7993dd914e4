import { Readable } from "node:stream";
import { HoldfastError } from "@holdfast/core/errors";
import { limits } from "@holdfast/core/limits";
import { reportReasons } from "@holdfast/protocol/report-routes";
import type { AccountWorld } from "../../features/accounts/context/account-world.ts";
import type { Caller } from "../../features/accounts/context/caller.ts";
import {
  checkPlace,
  findLinkOf,
  linkCaller,
  type LinkPlace,
  type LiveLink,
  markLinkUsed,
  openLink,
  sessionEnd,
  signPlace,
} from "../../features/accounts/callers/link-callers.ts";
import { listFolder } from "../../tree/read/list-folder.ts";
import { findNode } from "../../tree/read/look-up.ts";
import { nodeJson } from "../../tree/read/node-json.ts";
import type { PlacedNode } from "../../tree/read/placed-node.ts";
import { roleMay } from "../../tree/rights/roles.ts";
import type { WrittenReport } from "../../features/reports/report-link.ts";
import type { Uploads } from "../../features/uploads/uploads.ts";
import { addressGroup } from "../exchange/peer.ts";
import { readBounded } from "../exchange/read-bounded.ts";
import type { downloadHandlers } from "../files/download-handlers.ts";
import type { Handlers, RequestContext } from "../exchange/handler.ts";
import {
  type AddressOf,
  linkPage,
  type LinkPageFrame,
  missingPage,
  passwordPage,
  refusedPage,
  reportCharactersMax,
  reportedPage,
} from "./link-page.ts";
import type { Page } from "../pages/page-template.ts";
import { boundaryOf, readForm } from "./multipart.ts";

export interface LinkPageWorld {
  readonly accounts: AccountWorld;
  readonly uploads: Uploads;
  readonly download: ReturnType<typeof downloadHandlers>["download"];
  readonly report: (report: WrittenReport, source: string) => Promise<void>;
  /** Head of the script that replaces pages: see `readHead`. */
  readonly head: () => string | undefined;
}

interface Visit {
  readonly link: LiveLink;
  readonly caller: Caller;
  /** If the link has a password, each URL contains its own access. */
  readonly addressOf: AddressOf;
}

/** The page works without scripts. */
export function linkPageHandlers(world: LinkPageWorld) {
  const { accounts } = world;
  const plain = { serverName: accounts.serverName };
  return {
    showLink: async ({ params: { token }, query, note }) => {
      // A form sends these fields, so the page is used without a script. A script would ask again.
      const head = query.access === undefined && query.sent === undefined ? world.head() : undefined;
      const frame = { ...plain, head };
      return asPage(async () => {
        const link = await linkOf(accounts, token, note);
        const visit = await visitBy(accounts, { link, token }, pageOf(link, query.in), query.access);
        if (visit === undefined) note({ action: "link.knock" });
        else note({ nodeIds: [query.in ?? link.node_id] });
        if (visit === undefined) return { status: 200 as const, ...passwordPage(addressOf(token), frame) };
        const notice =
          query.sent === undefined ? undefined : `Sent: ${query.sent} ${query.sent === 1 ? "file" : "files"}.`;
        return { status: 200 as const, ...(await show(accounts, visit, { ...query, notice }, frame)) };
      }, frame);
    },
    sendToLink: async (context) =>
      asPage(async () => {
        const { params, query, headers, note } = context;
        const link = await linkOf(accounts, params.token, note);
        const isForm = /^multipart\//i.test(headers["content-type"] ?? "");
        if (!isForm) return openByPassword(accounts, context);
        note({ action: "file.write" });
        const place = pageOf(link, query.in);
        const visit = await visitBy(accounts, { link, token: params.token }, place, query.access);
        if (visit === undefined) return { status: 403 as const, ...passwordPage(addressOf(params.token), plain) };
        const sent = await takeFiles(world, visit, context);
        note({ count: sent });
        const location = visit.addressOf.page({ in: place.nodeId, sent: `${sent}` });
        return { status: 303 as const, bytes: "", headers: { location, "content-length": "0" } };
      }, plain),
    downloadFromLink: async ({ params, query, headers, head, signal, reading, peer, note }) =>
      asPage(async () => {
        const link = await linkOf(accounts, params.token, note);
        const place = { use: "file", nodeId: params.id } as const;
        const visit = await visitBy(accounts, { link, token: params.token }, place, query.access);
        if (visit === undefined) return { status: 403 as const, ...passwordPage(addressOf(params.token), plain) };
        const request = {
          caller: visit.caller,
          params: { id: params.id },
          query: {},
          headers,
          head,
          signal,
          reading,
          peer,
          note,
        };
        return world.download(request as RequestContext<"download">);
      }, plain),
    // Does not look up the token, so that all tokens get the same response.
    sendReport: async ({ params: { token }, peer, stream }) =>
      asPage(async () => {
        const form = new URLSearchParams((await readBounded(stream, reportFormBytesMax, "The form")).toString());
        await world.report({ token, ...readReport(form) }, addressGroup(peer.address));
        return { status: 200 as const, ...reportedPage(plain) };
      }, plain),
  } satisfies Handlers;
}

type PageWith<Status extends number> = Status extends number ? Page & { readonly status: Status } : never;
type Refusal = PageWith<403 | 404 | 409 | 429>;

/** Shows the same page for missing, ended and foreign items. */
async function asPage<Answer>(answer: () => Promise<Answer>, frame: LinkPageFrame): Promise<Answer | Refusal> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof HoldfastError)) throw error;
    if (error.code === "not_found" || error.code === "unauthenticated")
      return { status: 404 as const, ...missingPage(frame) };
    if (error.code === "rate_limited") return { status: 429 as const, ...refusedPage(error.message, frame) };
    if (error.code === "forbidden") return { status: 403 as const, ...refusedPage(error.message, frame) };
    if (shownCodes.has(error.code)) return { status: 409 as const, ...refusedPage(error.message, frame) };
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

async function linkOf(accounts: AccountWorld, token: string, note: RequestContext["note"]): Promise<LiveLink> {
  // Only the link's own token is valid here.
  const link = token.startsWith("hfl_") ? await findLinkOf(accounts, token) : undefined;
  if (link === undefined) throw new HoldfastError("not_found", "There is no such link.");
  note({ caller: linkCaller(link) });
  return link;
}

interface Knock {
  readonly link: LiveLink;
  readonly token: string;
}

function pageOf(link: LiveLink, folder: string | undefined): LinkPlace {
  return { use: "page", nodeId: folder === undefined || folder === "root" ? link.node_id : folder };
}

/** @returns undefined if the password is required */
async function visitBy(
  accounts: AccountWorld,
  { link, token }: Knock,
  place: LinkPlace,
  access = "",
): Promise<Visit | undefined> {
  const hasPassword = link.password_hash !== null;
  const untilSeconds = hasPassword ? checkPlace(accounts, link, place, access) : undefined;
  if (hasPassword && untilSeconds === undefined) return undefined;
  return openVisit(accounts, { link, token }, untilSeconds);
}

/** @param untilSeconds expiry of all URLs of a link with a password, which is then required again */
async function openVisit(accounts: AccountWorld, { link, token }: Knock, untilSeconds?: number): Promise<Visit> {
  await markLinkUsed(accounts, link);
  const signed =
    untilSeconds === undefined
      ? undefined
      : { link, sign: (place: LinkPlace) => signPlace(accounts, link, place, untilSeconds) };
  return { link, caller: linkCaller(link), addressOf: addressOf(token, signed) };
}

async function openByPassword(
  accounts: AccountWorld,
  { params: { token }, peer, stream }: RequestContext<"sendToLink">,
): Promise<PageWith<200 | 403>> {
  const frame = { serverName: accounts.serverName };
  const form = new URLSearchParams((await readBounded(stream, passwordFormBytesMax, "The form")).toString());
  const password = (form.get("password") ?? "").slice(0, limits.passwordBytesMax);
  const link = await openLink(accounts, { token, password }, addressGroup(peer.address)).catch((error: unknown) => {
    if (error instanceof HoldfastError && error.code === "unauthenticated") return undefined;
    throw error;
  });
  if (link === undefined)
    return { status: 403 as const, ...passwordPage(addressOf(token), frame, "Wrong password. Try again.") };
  const visit = await openVisit(accounts, { link, token }, sessionEnd(accounts));
  return { status: 200 as const, ...(await show(accounts, visit, {}, frame)) };
}

const passwordFormBytesMax = 8 * 1024;
/** A form may use nine bytes for a letter and six for a line break. */
const reportFormBytesMax = 9 * reportCharactersMax + 1024;

/** A form without the fields reports an unspecified problem. */
function readReport(form: URLSearchParams): Omit<WrittenReport, "token"> {
  const reason = reportReasons.find((each) => each === form.get("reason")) ?? "other";
  const text = (form.get("text") ?? "").replaceAll("\r\n", "\n").slice(0, reportCharactersMax).toWellFormed();
  return text.trim() === "" ? { reason } : { reason, text };
}

const itemsPerPage = 200;

interface Asked {
  readonly in?: string | undefined;
  readonly cursor?: string | undefined;
  readonly notice?: string | undefined;
}

async function show({ shards }: AccountWorld, visit: Visit, asked: Asked, frame: LinkPageFrame): Promise<Page> {
  const { caller, link } = visit;
  const found = await findNode(shards, caller, asked.in ?? "root", "create");
  if (found.row.trashed_at !== null) throw new HoldfastError("not_found", "It is in the trash.");
  const node = nodeJson(found);
  const isListed = node.kind === "folder" && roleMay(found.role, "read");
  const { items, next_cursor: next } = isListed
    ? await listFolder(shards, caller, found, { cursor: asked.cursor, limit: itemsPerPage, isUncounted: true })
    : { items: undefined, next_cursor: null };
  const shown = {
    ownerName: link.owner_name,
    node,
    items,
    isTop: found.row.id === caller.rootId,
    mayAdd: mayAdd(found, caller),
    hasPreviews: link.max_downloads === null,
    notice: asked.notice,
    addressOf: visit.addressOf,
    next: next ?? undefined,
  };
  return linkPage(shown, frame);
}

function mayAdd({ role }: PlacedNode, { scopes }: Caller): boolean {
  return roleMay(role, "create") && scopes.has("files:write");
}

/**
 * Each file is charged like a single upload.
 * @returns their number
 * @throws HoldfastError rate_limited
 */
async function takeFiles(
  { accounts, uploads }: LinkPageWorld,
  { caller }: Visit,
  { query, headers, stream, countFor, charge }: RequestContext<"sendToLink">,
): Promise<number> {
  countFor(caller);
  const folder = await findNode(accounts.shards, caller, query.in ?? "root", "create");
  if (!mayAdd(folder, caller)) throw new HoldfastError("forbidden", "This link is view-only.");
  // Charging zero bytes fails if earlier uploads exceeded the limit.
  await charge("bytes", 0);
  let sent = 0;
  for await (const { fileName, body } of readForm(stream, boundaryOf(headers["content-type"]))) {
    if (fileName === undefined || fileName === "") continue;
    await charge("operations", 1);
    await charge("uploads", 1);
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

/** @param signed set if the link has a password */
function addressOf(
  token: string,
  signed?: { readonly link: LiveLink; readonly sign: (place: LinkPlace) => string },
): AddressOf {
  const queryOf = (fields: Readonly<Record<string, string>>, place: (link: LiveLink) => LinkPlace) => {
    const access = signed === undefined ? {} : { access: signed.sign(place(signed.link)) };
    const query = new URLSearchParams({ ...fields, ...access }).toString();
    return query === "" ? "" : `?${query}`;
  };
  return {
    page: (fields = {}) => `/s/${token}${queryOf(fields, (link) => pageOf(link, fields["in"]))}`,
    file: (id) => `/s/${token}/files/${id}${queryOf({}, () => ({ use: "file", nodeId: id }))}`,
    report: `/s/${token}/report`,
  };
}
