import { createHash } from "node:crypto";

interface TestPage {
  readonly words: string;
  /** Degrees. */
  readonly rotation?: number;
  /** Width and height in points. */
  readonly size?: readonly [number, number];
  /** Link over the words: an address, or the number of a page. */
  readonly link?: string | number;
  /** JPEG 2000 of 32 × 32 pixels over the whole page. Not with a link. */
  readonly scan?: Buffer;
}

interface TestPdf {
  readonly password?: string;
}

type Seal = (object: number, content: string) => string;

/** Makes a PDF, by default of pages of 300 × 200 points. Its script would run when a viewer opens it. */
export function pdfOf(pages: readonly TestPage[], { password }: TestPdf = {}): Buffer {
  const lock = password === undefined ? undefined : makeLock(password);
  const kids = pages.map((_, index) => `${numberOf(index)} 0 R`).join(" ");
  const objects = [
    "<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(this.owned = true)>>>>",
    `<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ...pages.flatMap((page, index) => objectsOf(page, numberOf(index), lock?.seal)),
  ];
  const parts = ["%PDF-1.7\n"];
  let length = parts.join("").length;
  const starts = objects.map((object, index) => {
    const part = `${index + 1} 0 obj\n${object}\nendobj\n`;
    const start = String(length).padStart(10, "0");
    parts.push(part);
    length += part.length;
    return `${start} 00000 n \n`;
  });
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${starts.join("")}`;
  const trailer = `<</Size ${objects.length + 1}/Root 1 0 R${lock?.entries ?? ""}>>`;
  parts.push(`${table}trailer${trailer}\nstartxref\n${length}\n%%EOF`);
  return Buffer.from(parts.join(""), "latin1");
}

function numberOf(index: number): number {
  return 4 + 3 * index;
}

function objectsOf(
  { words, rotation = 0, size = [300, 200], link, scan }: TestPage,
  number: number,
  seal: Seal | undefined,
): string[] {
  const picture = scan === undefined ? "" : ` q ${size[0]} 0 0 ${size[1]} 0 0 cm /Scan Do Q`;
  const drawing = `BT /F1 24 Tf 20 100 Td (${words}) Tj ET${picture}`;
  const content = seal?.(number + 1, drawing) ?? drawing;
  const look = `/MediaBox[0 0 ${size.join(" ")}]/Rotate ${rotation}/Resources<</Font<</F1 3 0 R>>/XObject<</Scan ${number + 2} 0 R>>>>`;
  const notes = link === undefined ? "" : `/Annots[${number + 2} 0 R]`;
  return [
    `<</Type/Page/Parent 2 0 R/Contents ${number + 1} 0 R${look}${notes}>>`,
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    link === undefined
      ? pictureOf(scan)
      : `<</Type/Annot/Subtype/Link/Rect[15 90 285 130]/Border[0 0 0]${targetOf(link)}>>`,
  ];
}

function pictureOf(scan: Buffer | undefined): string {
  if (scan === undefined) return "null";
  const facts = `/Subtype/Image/Width 32/Height 32/Filter/JPXDecode/Length ${scan.length}`;
  return `<</Type/XObject${facts}>>stream\n${scan.toString("latin1")}\nendstream`;
}

/** Links within the document ask for a zoom of 900 %. */
function targetOf(link: string | number): string {
  if (typeof link === "string") return `/A<</S/URI/URI(${link})>>`;
  return `/Dest[${numberOf(link - 1)} 0 R/XYZ 0 200 9]`;
}

const padding = Buffer.from("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a", "hex");

/** Revision 2 of the standard encryption (ISO 32000-1, 7.6.3): RC4 with 40 bits. */
function makeLock(password: string): { readonly seal: Seal; readonly entries: string } {
  const padded = Buffer.concat([Buffer.from(password, "latin1"), padding]).subarray(0, 32);
  const id = Buffer.alloc(16, 1);
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(-4);
  const owner = encrypt(md5(padded).subarray(0, 5), padded);
  const key = md5(padded, owner, permissions, id).subarray(0, 5);
  const user = encrypt(key, padding);
  const [ownerHex, userHex, idHex] = [owner, user, id].map((bytes) => bytes.toString("hex"));
  return {
    seal: (object, content) => {
      const number = Buffer.alloc(5);
      number.writeUIntLE(object, 0, 3);
      const own = md5(key, number).subarray(0, 10);
      return encrypt(own, Buffer.from(content, "latin1")).toString("latin1");
    },
    entries: `/Encrypt<</Filter/Standard/V 1/R 2/P -4/O<${ownerHex}>/U<${userHex}>>>/ID[<${idHex}><${idHex}>]`,
  };
}

function md5(...parts: readonly Uint8Array[]): Buffer {
  return createHash("md5").update(Buffer.concat(parts)).digest();
}

/** RC4, which OpenSSL has only as a legacy algorithm. */
function encrypt(key: Uint8Array, content: Uint8Array): Buffer {
  const box = Array.from({ length: 256 }, (_, index) => index);
  const at = (index: number) => box[index % 256] ?? 0;
  const swap = (left: number, right: number) => {
    [box[left], box[right]] = [at(right), at(left)];
  };
  let mixed = 0;
  for (let index = 0; index < 256; index += 1) {
    mixed = (mixed + at(index) + (key[index % key.length] ?? 0)) % 256;
    swap(index, mixed);
  }
  let place = 0;
  mixed = 0;
  const encrypted = content.map((byte) => {
    place = (place + 1) % 256;
    mixed = (mixed + at(place)) % 256;
    swap(place, mixed);
    return byte ^ at(at(place) + at(mixed));
  });
  return Buffer.from(encrypted);
}
