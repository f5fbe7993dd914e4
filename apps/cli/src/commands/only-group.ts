import { HoldfastError } from "@holdfast/core/errors";

interface Named {
  readonly id: string;
  readonly name: string;
}

/**
 * Matches the id, otherwise a unique name.
 * @throws HoldfastError conflict, with the ids, if several have the name
 */
export function onlyGroup<Group extends Named>(groups: Iterable<Group>, nameOrId: string): Group | undefined {
  return onlyNamed("groups", groups, nameOrId);
}

/** Like `onlyGroup`, for other items. @param what plural noun, such as "groups" */
export function onlyNamed<Item extends Named>(what: string, items: Iterable<Item>, nameOrId: string): Item | undefined {
  const named: Item[] = [];
  for (const item of items) {
    if (item.id === nameOrId) return item;
    if (item.name === nameOrId) named.push(item);
  }
  if (named.length <= 1) return named[0];
  const ids = named.map(({ id }) => id).join(", ");
  throw new HoldfastError("conflict", `Several ${what} are named ${nameOrId}: specify one by its ID (${ids}).`);
}
