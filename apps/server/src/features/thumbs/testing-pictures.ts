import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";

/** Photo of a rotated phone: stored 4:3, displayed 3:4, with a location. The left half of the stored picture is red. */
export async function phonePhoto(width = 1200, height = 900): Promise<Buffer> {
  const left = await sharp({ create: { width: width / 2, height, channels: 3, background: "#d02020" } })
    .png()
    .toBuffer();
  return sharp({ create: { width, height, channels: 3, background: "#2020d0" } })
    .composite([{ input: left, left: 0, top: 0 }])
    .jpeg({ quality: 92 })
    .withExif({
      IFD0: { Make: "Camera of Ann", Copyright: "Ann" },
      IFD3: { GPSLatitudeRef: "N", GPSLatitude: "52/1 31/1 0/1", GPSLongitudeRef: "E", GPSLongitude: "13/1 24/1 0/1" },
    })
    .withMetadata({ orientation: 6 })
    .toBuffer();
}

export function screenshot(width = 1440, height = 900): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 4, background: { r: 240, g: 240, b: 240, alpha: 0.5 } } })
    .png()
    .toBuffer();
}

export function plain(format: "jpeg" | "png" | "webp" | "gif" | "avif" | "tiff", edge = 600): Promise<Buffer> {
  return sharp({ create: { width: edge, height: edge / 2, channels: 3, background: "#3a7" } })
    .toFormat(format)
    .toBuffer();
}

export function pdf(): Buffer {
  const drawing = "1 0 0 rg 0 200 300 200 re f 0 g BT /F 40 Tf 10 20 Td (Invoice) Tj ET";
  return pdfOf("4 0 R", `<</Length ${drawing.length}>>stream\n${drawing}\nendstream`);
}

function pdfOf(contents: string, stream: string): Buffer {
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    `<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]/Contents ${contents}/Resources<</Font<</F 5 0 R>>>>>>`,
    stream,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
  ].map((object, index) => `${index + 1} 0 obj\n${object}\nendobj\n`);
  return Buffer.from(`%PDF-1.4\n${objects.join("")}trailer<</Size 6/Root 1 0 R>>\n%%EOF`, "latin1");
}

/** PDF of three pages with wrong offsets of the last two, which the library reports after it has rendered the first. */
export function damagedPdf(): Buffer {
  const page = "<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 400]>>";
  const objects = [
    "<</Type/Catalog/Pages 2 0 R>>",
    "<</Type/Pages/Kids[3 0 R 4 0 R 5 0 R]/Count 3>>",
    page,
    page,
    page,
  ];
  let text = "%PDF-1.4\n";
  const entries = objects.map((object, index) => {
    const offset = text.length + (index < 3 ? 0 : 2);
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, "0")} 00000 n \n`;
  });
  const table = `xref\n0 6\n0000000000 65535 f \n${entries.join("")}trailer<</Size 6/Root 1 0 R>>\n`;
  return Buffer.from(`${text}${table}startxref\n${text.length}\n%%EOF`, "latin1");
}

/** PDF of 256 KiB with a page whose drawing is 4 GiB. */
function bombPdf(): Buffer {
  const packed = deflateSync(Buffer.alloc(256 * 1024 * 1024)).toString("latin1");
  const stream = `<</Length ${packed.length}/Filter/FlateDecode>>stream\n${packed}\nendstream`;
  return pdfOf(`[${"4 0 R ".repeat(16)}]`, stream);
}

/** PNG whose header claims this size. It contains at most the first MiB, all zeros. */
export function pngOf(width: number, height: number, more: readonly Buffer[] = []): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(Math.min((4 * width + 1) * height, 1024 * 1024)));
  const chunks = [chunk("IHDR", header), ...more, chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))];
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), ...chunks]);
}

export function chunk(type: string, bytes: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), bytes]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(bytes.length, 0);
  framed.set(body, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

export function gifOf(width: number, height: number, frames: number): Buffer {
  const header = Buffer.alloc(13);
  header.write("GIF89a", 0, "latin1");
  header.writeUInt16LE(width, 6);
  header.writeUInt16LE(height, 8);
  header[10] = 0x80;
  const palette = Buffer.from([0, 0, 0, 255, 255, 255]);
  const place = Buffer.alloc(10);
  place[0] = 0x2c;
  place.writeUInt16LE(width, 5);
  place.writeUInt16LE(height, 7);
  const frame = Buffer.concat([place, Buffer.from([2, 2, 0x4c, 0x01, 0])]);
  return Buffer.concat([header, palette, ...Array.from({ length: frames }, () => frame), Buffer.from([0x3b])]);
}

/** Pictures that must be rejected, by name. None may crash the server, exhaust its memory or be displayed. */
export async function hostilePictures(): Promise<Readonly<Record<string, Buffer>>> {
  const jpeg = await plain("jpeg");
  const webp = await plain("webp");
  const avif = await plain("avif");
  const svg = Buffer.from(
    `<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>` +
      `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><text>&x;</text><script>alert(1)</script></svg>`,
  );
  return {
    "empty.png": Buffer.alloc(0),
    "one-byte.jpg": Buffer.from([0xff]),
    "noise.jpg": Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(5000, 0x5a)]),
    "truncated.jpg": jpeg.subarray(0, Math.floor(jpeg.length / 3)),
    "truncated.avif": avif.subarray(0, avif.length - 40),
    "svg.svg": svg,
    "svg.png": svg,
    "svg-with-magic.png": Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), svg]),
    "tiff.jpg": await plain("tiff"),
    "page.gif": Buffer.from("<html><script>alert(1)</script>"),
    "huge.png": pngOf(60_000, 60_000),
    "wide.png": pngOf(2 ** 31 - 1, 1),
    "huge.jpg": withJpegSize(jpeg, 65_535, 65_535),
    "huge.gif": gifOf(65_535, 65_535, 50),
    "huge.webp": withWebpSize(webp),
    "huge.avif": withAvifSize(avif, 100_000, 100_000),
    "noise.pdf": Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(5000, 0x5a)]),
    "truncated.pdf": pdf().subarray(0, 60),
    "bomb.pdf": bombPdf(),
    "photo.heic.jpg": Buffer.concat([Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic", "latin1"), Buffer.alloc(500)]),
  };
}

function withJpegSize(jpeg: Buffer, width: number, height: number): Buffer {
  const bytes = Buffer.from(jpeg);
  const at = bytes.indexOf(Buffer.from([0xff, 0xc0]));
  bytes.writeUInt16BE(height, at + 5);
  bytes.writeUInt16BE(width, at + 7);
  return bytes;
}

function withWebpSize(webp: Buffer): Buffer {
  const bytes = Buffer.from(webp);
  const at = bytes.indexOf(Buffer.from([0x9d, 0x01, 0x2a]));
  bytes.writeUInt16LE(16_383, at + 3);
  bytes.writeUInt16LE(16_383, at + 5);
  return bytes;
}

function withAvifSize(avif: Buffer, width: number, height: number): Buffer {
  const bytes = Buffer.from(avif);
  const at = bytes.indexOf("ispe", 0, "latin1");
  bytes.writeUInt32BE(width, at + 8);
  bytes.writeUInt32BE(height, at + 12);
  return bytes;
}
