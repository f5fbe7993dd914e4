import { parseSync } from "oxc-parser";

/** @returns those of `names` that a source uses as values without declaring them */
export function findGlobals(path: string, text: string, names: ReadonlySet<string>): string[] {
  // Most sources contain none, and parsing costs more than everything else.
  const named = [...names].filter((name) => text.includes(name));
  if (named.length === 0) return [];
  const seen = { used: new Set<string>(), declared: new Set<string>() };
  const { program } = parseSync(path, text);
  walk({ ...program }, seen);
  return named.filter((name) => seen.used.has(name) && !seen.declared.has(name));
}

interface Seen {
  readonly used: Set<string>;
  readonly declared: Set<string>;
}

type Tree = Readonly<Record<string, unknown>> & { readonly type: string };

/** Type nodes around values; all others are skipped. */
const aroundValues: ReadonlySet<string> = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"]);

function walk(tree: Tree, seen: Seen): void {
  const { type } = tree;
  if (type === "Identifier") seen.used.add(String(tree["name"]));
  if (type.startsWith("TS") && !aroundValues.has(type)) return;
  for (const each of declaredBy(tree))
    if (isTree(each) && each.type === "Identifier") seen.declared.add(String(each["name"]));
  for (const [member, value] of Object.entries(tree)) {
    if ((member === "property" || member === "key") && tree["computed"] !== true) continue;
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) if (isTree(each)) walk(each, seen);
  }
}

function declaredBy(tree: Tree): unknown[] {
  if (tree.type === "VariableDeclarator") return [tree["id"]];
  if (tree.type.startsWith("Import") && "local" in tree) return [tree["local"]];
  return Array.isArray(tree["params"]) ? (tree["params"] as unknown[]) : [];
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, "type") === "string";
}
