import { officeFailure } from "./office-failure.ts";
import type { OfficePackage, OfficePart } from "./office-package.ts";
import { parseXml } from "./read-xml.ts";

/** Reference from one part to another, or to an address outside. */
export interface Relation {
  /** Last segment of its type, such as `image`. */
  readonly type: string;
  /** Path in the package, or the address if it is external. */
  readonly target: string;
  readonly isExternal: boolean;
}

export type Relations = ReadonlyMap<string, Relation>;

/** @param path of the part; empty for the package itself */
export async function readRelations(pack: OfficePackage, path: string): Promise<Relations> {
  const folder = path.slice(0, path.lastIndexOf("/") + 1);
  const part = await pack.text(`${folder}_rels/${path.slice(folder.length)}.rels`);
  if (part === undefined) return new Map();
  return new Map(
    parseXml(part).root.children.map(({ attributes }) => {
      const type = attributes.get("Type") ?? "";
      const target = attributes.get("Target") ?? "";
      const isExternal = attributes.get("TargetMode") === "External";
      const relation = {
        type: type.slice(type.lastIndexOf("/") + 1),
        target: isExternal ? target : resolvePath(folder, target),
        isExternal,
      };
      return [attributes.get("Id") ?? "", relation] as const;
    }),
  );
}

/** Path of the part with the content. @throws Error office_damaged */
export async function mainPath(pack: OfficePackage): Promise<string> {
  const path = pathOfType(await readRelations(pack, ""), "officeDocument");
  if (path === undefined) throw officeFailure("damaged");
  return path;
}

export function pathOfType(relations: Relations, type: string): string | undefined {
  return [...relations.values()].find((relation) => relation.type === type && !relation.isExternal)?.target;
}

/** @returns undefined if the part or its relation is absent */
export async function relatedText(
  pack: OfficePackage,
  relations: Relations,
  type: string,
): Promise<OfficePart | undefined> {
  const path = pathOfType(relations, type);
  return path === undefined ? undefined : pack.text(path);
}

function resolvePath(folder: string, target: string): string {
  const names: string[] = [];
  for (const name of `${target.startsWith("/") ? "" : folder}${target}`.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "." && name !== "") names.push(name);
  }
  return names.join("/");
}
