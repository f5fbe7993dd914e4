import { crc32, deflateSync } from "node:zlib";

export function drawPicture(width: number, height: number, exif?: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits per channel, RGB.
  header.set([8, 2, 0, 0, 0], 8);
  const lines = Array.from({ length: height }, (_, y) => {
    const depth = Math.round((y / height) * 120);
    const colour = y < height * 0.6 ? [90 + depth, 160 + depth / 2, 230] : [20, 200 - depth, 190 - depth / 2];
    return Buffer.from([0, ...Array.from({ length: width }, () => colour).flat()]);
  });
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  const parts = [
    part("IHDR", header),
    ...(exif === undefined ? [] : [part("eXIf", exif)]),
    part("IDAT", deflateSync(Buffer.concat(lines))),
    part("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([signature, ...parts]);
}

function part(name: string, content: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(name, "latin1"), content]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(content.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
