import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Ledger } from "holdfast/acceptance/ledger";
import { hashOf } from "holdfast/acceptance/tree";

export interface PersonOptions {
  readonly name: string;
  readonly root: string;
  readonly ledger: Ledger;
  readonly draw: () => number;
  readonly log: (what: string) => void;
}

const names = [
  "Übersicht.md",
  "Rechnung März 2026.txt",
  "notes",
  "todo.txt",
  "archive.tar.gz",
  "plan (final).md",
  "🎉 party.txt",
  "Straße & Co.csv",
  "README",
  ".profile",
];
const folderNames = ["Projekte", "Bilder", "alt", "2026", "Café"];
const sentences = [
  "Die Miete ist am 3. fällig; der Vermieter hat eine neue IBAN.",
  "Bread, milk, 6 eggs, coffee — and something for the cat.",
  "To do: ask Zoë whether the façade is painted in May or in June.",
  '\tindented;semicolons;"quotes"\r\nand a line of Windows',
  "Ελληνικά, 日本語, עברית and a tab\tin the middle.",
];
const deeds = [
  "create",
  "create",
  "create",
  "edit",
  "edit",
  "edit",
  "edit",
  "save",
  "append",
  "rename",
  "rename",
  "move",
  "move",
  "folder",
  "delete",
  "delete folder",
  "swap",
  "copy",
  "file to folder",
  "empty",
] as const;
const deedsMax = 3;
const filesMax = 60;

/** User of a device with ordinary programs. Every written content is different and recorded in the ledger. */
export class Person {
  readonly #options: PersonOptions;
  #count = 0;

  constructor(options: PersonOptions) {
    this.#options = options;
  }

  work(): void {
    const count = 1 + Math.floor(this.#options.draw() * deedsMax);
    for (let done = 0; done < count; done += 1) this.#act();
  }

  #act(): void {
    const deed =
      this.#all("file").length > filesMax ? this.#pick(["delete folder", "delete"] as const) : this.#pick(deeds);
    const [file, folder] = [this.#pick(this.#all("file")), this.#pick(this.#all("folder"))];
    switch (deed) {
      case "create":
        return this.#write(this.#place(this.#name(names)));
      case "empty":
        return this.#isFree(`empty ${this.#options.name}`)
          ? fs.writeFileSync(this.#at(`empty ${this.#options.name}`), "")
          : undefined;
      case "folder":
        return this.#makeFolder(this.#place(this.#name(folderNames)));
      case "rename":
        return this.#move(file ?? folder, (path) => join(dirname(path), this.#name(names)));
      case "move":
        return this.#move(this.#options.draw() < 0.5 ? file : folder, (path) => this.#place(basename(path)));
      case "delete folder":
        return this.#remove(folder);
      default:
        return file === undefined ? this.#write(this.#place(this.#name(names))) : this.#change(deed ?? "edit", file);
    }
  }

  #change(deed: string, file: string): void {
    switch (deed) {
      case "edit":
        return this.#write(file);
      case "append":
        return this.#write(file, fs.readFileSync(this.#at(file)));
      case "save": {
        this.#write(`${file}.saved`);
        this.#discard(file);
        this.#log(`saves ${file}`);
        return fs.renameSync(this.#at(`${file}.saved`), this.#at(file));
      }
      case "delete":
        return this.#remove(file);
      case "copy":
        return this.#copy(file, this.#place(`copy of ${basename(file)}`));
      case "swap":
        return this.#swap(file, this.#name(this.#all("file")));
      default: {
        this.#remove(file);
        fs.mkdirSync(this.#at(file));
        return this.#write(`${file}/inside.txt`);
      }
    }
  }

  #write(path: string, before: Buffer = Buffer.alloc(0)): void {
    if (fs.statSync(this.#at(path), { throwIfNoEntry: false })?.isDirectory() === true) return;
    const { name, ledger } = this.#options;
    this.#count += 1;
    const text = `${name} wrote this, number ${this.#count}.\n${sentences[this.#count % sentences.length]}\n`;
    // Our own client waits two seconds before it syncs a file that shrank by more than half. Padding avoids these waits.
    const size = this.#isFree(path) ? 0 : fs.statSync(this.#at(path)).size;
    const bytes = Buffer.concat([before.subarray(0, 4000), Buffer.from(text.padEnd(size * 0.6, sentences[0]))]);
    if (!this.#isFree(path)) this.#discard(path);
    this.#log(`writes ${hashOf(bytes).slice(0, 12)} to ${path}`);
    fs.writeFileSync(this.#at(path), bytes);
    ledger.write(hashOf(bytes), name, path);
  }

  #makeFolder(path: string): void {
    if (!this.#isFree(path)) return;
    this.#log(`makes ${path}`);
    fs.mkdirSync(this.#at(path));
  }

  #copy(from: string, to: string): void {
    if (!this.#isFree(to) || to.length > 150) return;
    this.#log(`copies ${from} to ${to}`);
    fs.copyFileSync(this.#at(from), this.#at(to));
  }

  #move(from: string | undefined, where: (path: string) => string): void {
    if (from === undefined) return;
    const to = where(from);
    if (!this.#isFree(to) || `${to}/`.startsWith(`${from}/`)) return;
    this.#log(`moves ${from} to ${to}`);
    fs.renameSync(this.#at(from), this.#at(to));
  }

  #swap(one: string, other: string): void {
    if (one === other) return;
    this.#log(`swaps ${one} and ${other}`);
    fs.renameSync(this.#at(one), this.#at("swapped"));
    fs.renameSync(this.#at(other), this.#at(one));
    fs.renameSync(this.#at("swapped"), this.#at(other));
  }

  #remove(path: string | undefined): void {
    if (path === undefined) return;
    this.#log(`removes ${path}`);
    for (const file of this.#all("file")) if (file === path || file.startsWith(`${path}/`)) this.#discard(file);
    fs.rmSync(this.#at(path), { recursive: true });
  }

  #discard(path: string): void {
    this.#options.ledger.discard(hashOf(fs.readFileSync(this.#at(path))), this.#options.name);
  }

  #place(name: string): string {
    const folder = this.#name(["", "", ...this.#all("folder").filter((path) => path.split("/").length < 4)]);
    return folder === "" ? name : `${folder}/${name}`;
  }

  /** Sorted by name, so that the same draw chooses the same node. */
  #all(kind: "file" | "folder"): string[] {
    const { root } = this.#options;
    return fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => (kind === "folder" ? entry.isDirectory() : entry.isFile()))
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((path) => path !== ".holdfast" && !path.startsWith(".holdfast/"))
      .toSorted();
  }

  #isFree(path: string): boolean {
    return fs.lstatSync(this.#at(path), { throwIfNoEntry: false }) === undefined;
  }

  #at(path: string): string {
    return join(this.#options.root, path);
  }

  #log(what: string): void {
    this.#options.log(`${this.#options.name} ${what}`);
  }

  #name(all: readonly string[]): string {
    return this.#pick(all) ?? "notes";
  }

  #pick<Item>(items: readonly Item[]): Item | undefined {
    return items[Math.floor(this.#options.draw() * items.length)];
  }
}
