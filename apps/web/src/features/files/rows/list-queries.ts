import type { ApiClient } from "@holdfast/api-client/api-client";
import type { SearchType } from "@holdfast/protocol/search-routes";
import type { PermissionJson, SharedJson } from "@holdfast/protocol/sharing-routes";
import type { NodeJson } from "@holdfast/protocol/values";
import { rowOf } from "../../../data/row.ts";
import { messages } from "../../../messages/use-messages.ts";
import type { RowPage } from "./paged-rows.ts";
import type { ListedRow } from "./row-source.ts";

type Load = (cursor: string | undefined, signal: AbortSignal) => Promise<RowPage>;

const limit = 200;

/** A single page. */
export function recent(client: ApiClient): Load {
  return async (_, signal) => {
    const { items, t } = await client.call("listRecent", { query: { limit, group: "true" }, signal });
    // The list is sorted by this time.
    const rows = items.map((node) =>
      Object.assign(listed({ ...node, modified_at: node.changed_at }), { changedFiles: node.changed_files }),
    );
    return { rows, next: null, thumbTag: t };
  };
}

export function starred(client: ApiClient): Load {
  return async (cursor, signal) => {
    const { items, next_cursor: next, t } = await client.call("listStarred", { query: { limit, cursor }, signal });
    return { rows: items.map((node) => listed(node, true)), next, thumbTag: t };
  };
}

export function trash(client: ApiClient): Load {
  return async (cursor, signal) => {
    const {
      items,
      next_cursor: next,
      t,
      ...head
    } = await client.call("listTrash", { query: { limit, cursor }, signal });
    const { seq: seen, epoch } = head;
    const rows = items.map((node) => listed(node));
    return { rows, next, thumbTag: t, ...(seen === undefined || epoch === undefined ? {} : { seen: { seen, epoch } }) };
  };
}

export interface Find {
  readonly q?: string;
  readonly in?: string | undefined;
  readonly type?: SearchType | undefined;
  readonly owner?: string | undefined;
  readonly modified?: string | undefined;
}

export function found(client: ApiClient, find: Find, rowsMax = limit): Load {
  return async (cursor, signal) => {
    const query = { ...find, limit: rowsMax, cursor };
    const { items, next_cursor: next, t } = await client.call("search", { query, signal });
    return { rows: items.map((node) => listed(node)), next, thumbTag: t };
  };
}

/** One row per item, even if it is shared with the account and with groups of it. */
export function sharedWithMe(client: ApiClient): Load {
  return async (cursor, signal) => {
    const { items, next_cursor: next } = await client.call("listSharedWithMe", { query: { limit, cursor }, signal });
    const byNode = Map.groupBy(items, ({ node }) => node.id);
    return { rows: [...byNode.values()].flatMap((all) => received(all)), next };
  };
}

function received(all: readonly SharedJson[]): ListedRow[] {
  return all.slice(0, 1).map(({ node, owner, mount_id: mountId }) =>
    Object.assign(listed(node), {
      who: owner.name || owner.email,
      received: {
        permissionIds: all.map(({ permission }) => permission.id),
        isDirect: all.every(({ permission }) => permission.grantee.kind === "user"),
        isMounted: mountId !== null,
      },
    }),
  );
}

/** One row per item. */
export function sharedByMe(client: ApiClient): Load {
  return async (cursor, signal) => {
    const { items, next_cursor: next } = await client.call("listSharedByMe", { query: { limit, cursor }, signal });
    const byNode = Map.groupBy(items, ({ node }) => node.id);
    return { rows: [...byNode.values()].flatMap((all) => whoHas(all)), next };
  };
}

function whoHas(all: readonly SharedJson[]): ListedRow[] {
  const permissions = all.map(({ permission }) => permission);
  const links = permissions.filter(isLink);
  const names = permissions.filter((each) => !isLink(each)).map(({ grantee }) => grantee.name ?? grantee.email ?? "");
  const counted = links.length === 0 ? "" : messages().message("files.links", { count: links.length });
  const who = [...names, counted].filter((name) => name !== "").join(", ");
  return all.slice(0, 1).map(({ node }) => Object.assign(listed(node), { who }));
}

/** A link is no recipient. Its name is a note of the owner. */
function isLink({ grantee, app }: PermissionJson): boolean {
  return grantee.kind === "link" && app !== true;
}

export function listed(node: NodeJson, isStarred = false): ListedRow {
  const { parent_id: parentId, path, trashed_at: trashedAt } = node;
  return {
    ...rowOf(node, isStarred),
    // A root folder has no name.
    name: node.name || messages().message("files.home"),
    parentId,
    path,
    ...(trashedAt === null ? {} : { trashedMs: Date.parse(trashedAt) }),
  };
}
