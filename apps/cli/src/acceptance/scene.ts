import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";

/** Content of a folder: path to text, null for a folder. Dates in names are replaced by DATE. */
export type Sight = Readonly<Record<string, string | null>>;

const restTimeoutMs = 120_000;

export function textsOf(sight: Sight): string[] {
  const texts = Object.values(sight).filter((text) => text !== null);
  return texts.toSorted((one, other) => one.localeCompare(other));
}

export class Pair {
  readonly home: Home;
  readonly anna: Device;
  readonly bert: Device;
  #scenes = 0;

  private constructor(home: Home, anna: Device, bert: Device) {
    this.home = home;
    this.anna = anna;
    this.bert = bert;
  }

  static async open(name: string): Promise<Pair> {
    const home = await Home.open(name);
    const [anna, bert] = await home.startDevices("anna", "bert");
    return new Pair(home, anna!, bert!);
  }

  async scene(given: Sight = {}): Promise<Scene> {
    this.#scenes += 1;
    const scene = new Scene(this, `scene ${this.#scenes}`);
    scene.anna.make({ ...given });
    await scene.rest();
    return scene;
  }

  close(): Promise<void> {
    return this.home.close();
  }
}

export class Scene {
  readonly folder: string;
  readonly anna: Place;
  readonly bert: Place;
  readonly #pair: Pair;

  constructor(pair: Pair, folder: string) {
    this.#pair = pair;
    this.folder = folder;
    this.anna = new Place(join(pair.anna.folder, folder));
    this.bert = new Place(join(pair.bert.folder, folder));
  }

  /**
   * Both act while Bert is paused. Bert resumes after the server has all of Anna's changes, so hers come first.
   * @returns the final content of both
   */
  async apart(act: { anna: (place: Place) => void; bert: (place: Place) => void }): Promise<Sight> {
    const { anna, bert, home } = this.#pair;
    await bert.pause();
    act.anna(this.anna);
    act.bert(this.bert);
    await home.rest(restTimeoutMs, [anna]);
    await bert.resume();
    return this.rest();
  }

  async rest(timeoutMs = restTimeoutMs): Promise<Sight> {
    await this.#pair.home.rest(timeoutMs);
    return this.anna.sight();
  }
}

export class Place {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  at(path: string): string {
    return join(this.path, path);
  }

  /** null makes a folder. */
  make(what: Sight): void {
    mkdirSync(this.path, { recursive: true });
    for (const [path, text] of Object.entries(what)) {
      mkdirSync(text === null ? this.at(path) : dirname(this.at(path)), { recursive: true });
      if (text !== null) writeFileSync(this.at(path), text);
    }
  }

  move(from: string, to: string): void {
    renameSync(this.at(from), this.at(to));
  }

  remove(path: string): void {
    rmSync(this.at(path), { recursive: true });
  }

  chmod(path: string, mode: number): void {
    chmodSync(this.at(path), mode);
  }

  has(path: string): boolean {
    return existsSync(this.at(path));
  }

  read(path: string): string {
    return readFileSync(this.at(path), "utf8");
  }

  /** Excludes the client's own files, which change constantly. */
  sight(): Sight {
    const names = readdirSync(this.path).filter((name) => name !== ".holdfast");
    const paths = [...names, ...names.flatMap((name) => pathsBelow(this.path, name))];
    return Object.fromEntries(
      paths.toSorted().map((path) => [path.replaceAll(/\d{4}-\d\d-\d\d/g, "DATE"), textAt(this.at(path))]),
    );
  }
}

function pathsBelow(root: string, name: string): string[] {
  if (!lstatSync(join(root, name)).isDirectory()) return [];
  return readdirSync(join(root, name), { recursive: true, encoding: "utf8" }).map((path) => join(name, path));
}

function textAt(path: string): string | null {
  const stat = lstatSync(path);
  if (stat.isDirectory()) return null;
  return stat.isSymbolicLink() ? `-> ${readlinkSync(path)}` : readFileSync(path, "utf8");
}
