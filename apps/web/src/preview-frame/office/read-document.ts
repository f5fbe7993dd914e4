import type { Block, Note, OfficeDocument } from "./document-model.ts";
import { defaultLanguage, readStyles } from "./document-styles.ts";
import { readNumbering } from "./numbering.ts";
import { officeFailure } from "./office-failure.ts";
import type { OfficePackage } from "./office-package.ts";
import { type DocumentSources, readBlocks } from "./read-blocks.ts";
import { child, childrenOf, parseXml, valueOf, type XmlElement } from "./read-xml.ts";
import { mainPath, pathOfType, readRelations, relatedText, type Relation, type Relations } from "./relations.ts";

/** Paragraphs, cells, and pieces of text with one formatting. Browsers take a second for the layout of this many. */
const piecesMax = 50_000;
/** About 700 pages. A single line may be as long. */
const charactersMax = 2_000_000;

/**
 * Reads the text of a Word document. Comments, deleted text and macros are left out, and nothing is loaded.
 * @throws Error office_damaged or office_large
 */
export async function readDocument(
  pack: OfficePackage,
  limits = { piecesMax, charactersMax },
): Promise<OfficeDocument> {
  const main = await mainPath(pack);
  const part = await pack.text(main, true);
  if (part === undefined) throw officeFailure("damaged");
  const { root, isCut } = parseXml(part);
  const body = child(root, "body");
  if (body === undefined) throw officeFailure("damaged");
  const relations = await readRelations(pack, main);
  const related = async (type: string) => {
    const text = await relatedText(pack, relations, type);
    return text && parseXml(text).root;
  };
  const styles = await related("styles");
  const notes = await readNotes(pack, relations);
  const budget = makeBudget(limits);
  const sources: DocumentSources = {
    findStyle: readStyles(styles),
    countPoint: readNumbering(await related("numbering")),
    markNote: notes.mark,
    takePiece: budget.takePiece,
    takeText: budget.takeText,
    endsPage: readSections(body),
  };
  const blocks = readBlocks(body, relations, sources);
  const shownNotes = notes.read(sources);
  const section = child(body, "sectPr");
  const header = await readMargin(pack, relations.get(marginOf(section, "headerReference")), sources);
  const footer = await readMargin(pack, relations.get(marginOf(section, "footerReference")), sources);
  const language = defaultLanguage(styles);
  return { header, body: blocks, footer, notes: shownNotes, language, isCut: isCut || budget.isSpent() };
}

/** The properties of a section are at its end, and their type says how it begins. */
function readSections(body: XmlElement): DocumentSources["endsPage"] {
  const sections = sectionsIn(body);
  const before = sections.filter((_, index) => {
    const next = sections[index + 1];
    return next !== undefined && !onSamePage.has(valueOf(next, "type") ?? "");
  });
  const ends = new Set(before);
  return (section) => ends.has(section);
}

const onSamePage: ReadonlySet<string> = new Set(["continuous", "nextColumn"]);

function sectionsIn({ children }: XmlElement): XmlElement[] {
  return children.flatMap((each) => (each.name === "sectPr" ? [each] : sectionsIn(each)));
}

function makeBudget(limits: { readonly piecesMax: number; readonly charactersMax: number }) {
  let pieces = limits.piecesMax;
  let characters = limits.charactersMax;
  return {
    takePiece: (): boolean => {
      pieces -= 1;
      return pieces >= 0;
    },
    takeText: (text: string): string => {
      const taken = text.slice(0, Math.max(0, characters));
      characters -= text.length;
      return taken;
    },
    /** Something did not fit. */
    isSpent: (): boolean => pieces < 0 || characters < 0,
  };
}

interface KnownNote {
  readonly element: XmlElement;
  readonly relations: Relations;
}

/** Notes are read after the text, once each, and without their own notes: a note may contain itself. */
async function readNotes(pack: OfficePackage, relations: Relations) {
  const known = new Map<string, KnownNote>();
  for (const kind of ["footnote", "endnote"] as const) {
    const path = pathOfType(relations, `${kind}s`);
    const text = path === undefined ? undefined : await pack.text(path);
    if (path === undefined || text === undefined) continue;
    const own = await readRelations(pack, path);
    for (const element of childrenOf(parseXml(text).root, kind))
      known.set(`${kind} ${element.attributes.get("id") ?? ""}`, { element, relations: own });
  }
  const numbers = new Map<KnownNote, number>();
  return {
    mark: (kind: string, id: string): number | undefined => {
      const note = known.get(`${kind} ${id}`);
      if (note === undefined) return undefined;
      const number = numbers.get(note) ?? numbers.size + 1;
      numbers.set(note, number);
      return number;
    },
    read: (sources: DocumentSources): Note[] => {
      const within = { ...sources, markNote: () => undefined };
      return [...numbers].map(([note, number]) => ({
        number,
        blocks: readBlocks(note.element, note.relations, within),
      }));
    },
  };
}

/** @returns identifier of the header or footer of most pages; the first and the even pages may have others */
function marginOf(section: XmlElement | undefined, name: string): string {
  const references = childrenOf(section, name);
  return references.find(({ attributes }) => attributes.get("type") === "default")?.attributes.get("id") ?? "";
}

async function readMargin(
  pack: OfficePackage,
  relation: Relation | undefined,
  sources: DocumentSources,
): Promise<Block[]> {
  const part = relation === undefined || relation.isExternal ? undefined : await pack.text(relation.target);
  if (relation === undefined || part === undefined) return [];
  const own = await readRelations(pack, relation.target);
  return readBlocks(parseXml(part).root, own, { ...sources, markNote: () => undefined });
}
