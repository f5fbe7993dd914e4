import { readFormats } from "./cell-formats.ts";
import { readStrings } from "./collect-text.ts";
import { officeFailure } from "./office-failure.ts";
import { openPackage } from "./office-package.ts";
import { readSheet, type Sheet } from "./read-sheet.ts";
import { child, childrenOf, parseXml } from "./read-xml.ts";
import { mainPath, readRelations, relatedText } from "./relations.ts";

interface Workbook {
  /** Names of the sheets, at least one. */
  readonly names: readonly string[];
  /** @throws Error office_damaged or office_large */
  readonly read: (index: number) => Promise<Sheet>;
}

const sheetsMax = 200;
const nameCharactersMax = 100;

/**
 * Reads a sheet when it is shown. Hidden sheets and charts are left out, and macros are never read.
 * @param locale BCP 47 tag for numbers and dates
 * @throws Error office_damaged, office_encrypted or office_large
 */
export async function openWorkbook(file: ArrayBuffer, locale: string): Promise<Workbook> {
  const pack = await openPackage(file);
  const main = await mainPath(pack);
  const part = await pack.text(main);
  if (part === undefined) throw officeFailure("damaged");
  const workbook = parseXml(part).root;
  const relations = await readRelations(pack, main);
  const strings = await relatedText(pack, relations, "sharedStrings");
  const styles = await relatedText(pack, relations, "styles");
  const sources = {
    strings: strings === undefined ? [] : readStrings(strings),
    formats: readFormats(styles && parseXml(styles).root, { locale, workbook }),
  };
  const sheets = childrenOf(child(workbook, "sheets"), "sheet").flatMap(({ attributes }) => {
    const relation = relations.get(attributes.get("id") ?? "");
    const isShown = (attributes.get("state") ?? "visible") === "visible" && relation?.type === "worksheet";
    return isShown ? [{ name: attributes.get("name") ?? "", path: relation.target }] : [];
  });
  const shown = sheets.slice(0, sheetsMax);
  if (shown.length === 0) throw officeFailure("damaged");
  // Reading a sheet again would count against the limit of unpacked bytes.
  const known = new Map<number, Promise<Sheet>>();
  const read = async (index: number) => {
    const sheet = await pack.text(shown[index]?.path ?? "", true);
    if (sheet === undefined) throw officeFailure("damaged");
    return readSheet(sheet, sources);
  };
  return {
    names: shown.map(({ name }) => name.slice(0, nameCharactersMax)),
    read: (index) => {
      const sheet = known.get(index) ?? read(index);
      known.set(index, sheet);
      return sheet;
    },
  };
}
