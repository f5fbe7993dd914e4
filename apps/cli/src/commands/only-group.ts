import { HoldfastError } from "@holdfast/core/errors";

interface Named {
  readonly id: string;
  readonly name: string;
}

/** The group with this id, otherwise the only one with this name. @throws HoldfastError conflict, with the ids, if several have the name */
export function onlyGroup<Group extends Named>(groups: Iterable<Group>, nameOrId: string): Group | undefined {
  const named: Group[] = [];
  for (const group of groups) {
    if (group.id === nameOrId) return group;
    if (group.name === nameOrId) named.push(group);
  }
  if (named.length <= 1) return named[0];
  const ids = named.map(({ id }) => id).join(", ");
  throw new HoldfastError("conflict", `Several groups are called ${nameOrId}: name one by its id (${ids}).`);
}
