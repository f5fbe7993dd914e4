import { crc32, deflateRawSync } from "node:zlib";

type Parts = Readonly<Record<string, string | Buffer>>;

export function packageOf(parts: Parts): Buffer {
  const entries: Buffer[] = [];
  const list: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(parts)) {
    const bytes = Buffer.from(content as string);
    const packed = deflateRawSync(bytes);
    const path = Buffer.from(name);
    const facts = Buffer.alloc(20);
    facts.writeUInt16LE(8, 2);
    facts.writeUInt32LE(crc32(bytes), 8);
    facts.writeUInt32LE(packed.length, 12);
    facts.writeUInt32LE(bytes.length, 16);
    const names = Buffer.alloc(4);
    names.writeUInt16LE(path.length);
    entries.push(Buffer.from("PK\u0003\u0004\u0014\u0000"), facts, names, path, packed);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    list.push(Buffer.from("PK\u0001\u0002\u0014\u0000\u0014\u0000"), facts, names, rest, path);
    at += 30 + path.length + packed.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  for (const place of [8, 10]) end.writeUInt16LE(Object.keys(parts).length, place);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...entries, directory, end]);
}

const relationTypes = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const packageTypes = "http://schemas.openxmlformats.org/package/2006/relationships";
const head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';

interface TestRelation {
  readonly id: string;
  readonly type: string;
  readonly target: string;
  readonly isExternal?: boolean;
}

export function relationsOf(relations: readonly TestRelation[]): string {
  const list = relations.map(
    ({ id, type, target, isExternal }) =>
      `<Relationship Id="${id}" Type="${relationTypes}/${type}" Target="${target}"${isExternal === true ? ' TargetMode="External"' : ""}/>`,
  );
  return `${head}<Relationships xmlns="${packageTypes}">${list.join("")}</Relationships>`;
}

interface TestDocument {
  readonly relations?: readonly TestRelation[];
  readonly parts?: Parts;
}

export function wordOf(body: string, { relations = [], parts = {} }: TestDocument = {}): Buffer {
  const names = [
    `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"`,
    `xmlns:r="${relationTypes}"`,
    `xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"`,
    `xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"`,
  ];
  return packageOf({
    "_rels/.rels": relationsOf([{ id: "rId1", type: "officeDocument", target: "word/document.xml" }]),
    "word/document.xml": `${head}<w:document ${names.join(" ")}><w:body>${body}</w:body></w:document>`,
    "word/_rels/document.xml.rels": relationsOf(relations),
    ...Object.fromEntries(Object.entries(parts).map(([name, content]) => [`word/${name}`, content])),
  });
}

export function wordLine(text: string, properties = "", runProperties = ""): string {
  return `<w:p><w:pPr>${properties}</w:pPr><w:r><w:rPr>${runProperties}</w:rPr><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`;
}

interface TestSheet {
  readonly name: string;
  readonly content: string;
  readonly state?: string;
}

interface TestWorkbook {
  readonly strings?: readonly string[];
  readonly styles?: string;
  readonly properties?: string;
}

export function excelOf(
  sheets: readonly TestSheet[],
  { strings = [], styles = "", properties = "" }: TestWorkbook = {},
): Buffer {
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"';
  const list = sheets.map(
    ({ name, state }, index) =>
      `<sheet name="${name}" sheetId="${index + 1}"${state === undefined ? "" : ` state="${state}"`} r:id="rId${index + 1}"/>`,
  );
  const relations = [
    ...sheets.map((_, index) => ({
      id: `rId${index + 1}`,
      type: "worksheet",
      target: `worksheets/sheet${index + 1}.xml`,
    })),
    { id: "rIdA", type: "sharedStrings", target: "sharedStrings.xml" },
    { id: "rIdB", type: "styles", target: "/xl/styles.xml" },
  ];
  return packageOf({
    "_rels/.rels": relationsOf([{ id: "rId1", type: "officeDocument", target: "xl/workbook.xml" }]),
    "xl/workbook.xml": `${head}<workbook ${main} xmlns:r="${relationTypes}">${properties}<sheets>${list.join("")}</sheets></workbook>`,
    "xl/_rels/workbook.xml.rels": relationsOf(relations),
    "xl/sharedStrings.xml": `${head}<sst ${main}>${strings.map((text) => `<si><t>${text}</t></si>`).join("")}</sst>`,
    "xl/styles.xml": `${head}<styleSheet ${main}>${styles}</styleSheet>`,
    ...Object.fromEntries(
      sheets.map(({ content }, index) => [
        `xl/worksheets/sheet${index + 1}.xml`,
        `${head}<worksheet ${main}>${content}</worksheet>`,
      ]),
    ),
  });
}

/** Memory of its own, as a file that the frame receives. */
export function fileOf(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
