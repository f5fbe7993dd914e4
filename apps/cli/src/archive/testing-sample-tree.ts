import { createHash, randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";

export function makeSampleTree(folder: string): void {
  mkdirSync(join(folder, "empty folder"), { recursive: true });
  mkdirSync(join(folder, "Ünïcode 日本 🎉", "deep", "er"), { recursive: true });
  const files: Readonly<Record<string, string | Uint8Array>> = {
    "nothing.txt": "",
    "one byte": "x",
    "\"quotes\" and 'others' $(x) `y` \\ back": "quoted\n",
    "trailing dots...": "dots",
    "-rf": "a name like an option",
    [`${"long name ".repeat(24)}.txt`]: "long\n",
    "Ünïcode 日本 🎉/deep/er/ñ.md": "# Überschrift\n",
    "large.bin": randomBytes(17 * 1024 * 1024),
    "data.json": JSON.stringify({ list: Array.from({ length: 2000 }, (_, index) => ({ index, text: "same" })) }),
    "report.odt": officeFile(),
    "photo.png": photo(),
    "equal 1": "the same",
    "equal 2": "the same",
    "run.sh": "#!/bin/sh\necho hello\n",
  };
  const modes = new Map([
    ["run.sh", 0o755],
    ["one byte", 0o600],
  ]);
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), content, { mode: modes.get(name) ?? 0o644 });
  mkdirSync(join(folder, "secret"), { mode: 0o700 });
  symlinkSync("nothing.txt", join(folder, "link"));
  symlinkSync("../elsewhere/ü", join(folder, "dangling"));
  copySources(fileURLToPath(new URL("../output", import.meta.url)), join(folder, "sources"));
  utimesSync(join(folder, "one byte"), 1_000_000_000.25, 1_000_000_000.25);
}

export function treeOf(folder: string, prefix = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(folder, prefix))) {
    const path = join(prefix, name);
    const stats = lstatSync(join(folder, path), { bigint: true });
    const privacy = (stats.mode & 0o077n) === 0n ? "private " : "";
    if (stats.isDirectory()) Object.assign(found, { [path]: `${privacy}folder` }, treeOf(folder, path));
    else if (stats.isSymbolicLink()) found[path] = `link to ${readlinkSync(join(folder, path))}`;
    else {
      const sum = createHash("sha256")
        .update(readFileSync(join(folder, path)))
        .digest("hex");
      found[path] = `${privacy}${stats.mode & 0o100n ? "executable" : "file"} ${stats.mtimeNs / 1000n} ${sum}`;
    }
  }
  return found;
}

function copySources(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) writeFileSync(join(to, name), readFileSync(join(from, name)));
}

function officeFile(): Buffer {
  const name = Buffer.from("mimetype");
  const content = Buffer.from("application/vnd.oasis.opendocument.text");
  const head = Buffer.alloc(30);
  head.writeUInt32LE(0x0403_4b50, 0);
  head.writeUInt32LE(content.length, 18);
  head.writeUInt32LE(content.length, 22);
  head.writeUInt16LE(name.length, 26);
  return Buffer.concat([head, name, content]);
}

/** Incompressible, like a photo. */
function photo(): Buffer {
  return Buffer.concat([Buffer.from("\x89PNG\r\n\x1a\n", "latin1"), deflateSync(randomBytes(300_000))]);
}
