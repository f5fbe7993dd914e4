import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Api, eventually, queryDatabase } from "@holdfast/server/acceptance/testing";
import type { Device } from "./device.ts";
import { Home } from "./home.ts";
import { Place, type Sight } from "./scene.ts";

export const waitMs = 120_000;

const toldMax = 2000;

type Role = "viewer" | "editor";

const emails = { olga: "olga@example.com", emil: "emil@example.com", vera: "vera@example.com" } as const;
type Person = keyof typeof emails;

const accountOf = (person: Person) => ({ email: emails[person], password: `the password of ${person}` });

/** Four devices. Olga owns the shared folders. Emil (two devices) and Vera mount them. */
export class ThreeAccounts {
  readonly home: Home;
  readonly olga: Device;
  readonly emil: Device;
  readonly emil2: Device;
  readonly vera: Device;

  private constructor(home: Home, devices: readonly Device[]) {
    this.home = home;
    [this.olga, this.emil, this.emil2, this.vera] = devices as [Device, Device, Device, Device];
  }

  static async open(name: string): Promise<ThreeAccounts> {
    const home = await Home.open(name);
    try {
      const admin = await Api.signIn(home.server.url);
      for (const person of ["olga", "emil", "vera"] as const) {
        const made = await admin.call("POST", "/admin/users", { ...accountOf(person), name: person });
        assert.equal(made.status, 201, JSON.stringify(made.body));
      }
      const people = { olga: "olga", emil: "emil", emil2: "emil", vera: "vera" } as const;
      const devices: Device[] = [];
      for (const [device, person] of Object.entries(people)) devices.push(await addDevice(home, device, person));
      return new ThreeAccounts(home, devices);
    } catch (error) {
      await home.close();
      throw error;
    }
  }

  /**
   * Emil and Vera mount the folder under its name.
   * @returns the folder on each device, with the given content
   */
  async shared(name: string, given: Sight, roles: { emil: Role; vera: Role } = { emil: "editor", vera: "viewer" }) {
    const { olga, emil, emil2, vera } = this;
    new Place(join(olga.folder, name)).make(given);
    await eventually(`${name} is on the server`, waitMs, async () => {
      const { code } = await olga.run(["ls", `/${name}`]);
      return code === 0 || undefined;
    });
    for (const person of ["emil", "vera"] as const) {
      const { node_id: id } = JSON.parse(await this.share(`/${name}`, person, roles[person]));
      await done({ emil, vera }[person], ["mount", id]);
    }
    const place = (device: Device) => new Place(join(device.folder, name));
    const scene = { olga: place(olga), emil: place(emil), emil2: place(emil2), vera: place(vera) };
    await alike(scene.olga, [scene.emil, scene.emil2, scene.vera]);
    return scene;
  }

  share(path: string, person: "emil" | "vera", role: Role): Promise<string> {
    return done(this.olga, ["share", path, "--with", emails[person], "--role", role, "--json"]);
  }

  async unshare(path: string, person: "emil" | "vera"): Promise<void> {
    await done(this.olga, ["unshare", path, "--with", emails[person]]);
  }

  addDevice(name: string, person: Person, args: readonly string[]): Promise<Device> {
    return addDevice(this.home, name, person, args);
  }

  /** Leases of running messages end immediately, as if another server had waited for them. */
  async killServer(): Promise<void> {
    await this.home.server.kill();
    await this.home.restart();
    const over = "update shard.messages set leased_until = 0 where state = 'running'";
    await queryDatabase(this.home.dataFolder, over);
  }

  apiOf(person: Person): Promise<Api> {
    return Api.signIn(this.home.server.url, accountOf(person));
  }

  close(): Promise<void> {
    return this.home.close();
  }
}

async function addDevice(home: Home, name: string, person: Person, args: readonly string[] = []): Promise<Device> {
  const device = await home.addDevice(name, { account: accountOf(person), args });
  device.start();
  return device;
}

export async function done(device: Device, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await device.run(args);
  assert.equal(code, 0, `${device.name}: ${args.join(" ")}: ${stderr}`);
  return stdout;
}

export async function alike(one: Place, others: readonly Place[]): Promise<void> {
  for (const other of others) await shows(other, one);
}

export async function shows(place: Place, sight: Sight | Place): Promise<void> {
  const wanted = () => (sight instanceof Place ? sightOf(sight) : JSON.stringify(sight));
  let seen = "nothing";
  try {
    await eventually("what is wanted is there", waitMs, () => {
      seen = sightOf(place);
      return seen === wanted() || undefined;
    });
  } catch (error) {
    const [shown, missed] = [seen, wanted()].map((text) => text.slice(0, toldMax));
    throw new Error(`${place.path} shows ${shown} instead of ${missed}`, { cause: error });
  }
}

function sightOf(place: Place): string {
  try {
    return JSON.stringify(place.sight());
  } catch (error) {
    return String(error);
  }
}

/** Texts in the trash or quarantine of a device, by path below the day's folder. */
export function putAway(device: Device, into: "trash" | "quarantine"): Sight {
  const folder = join(device.folder, ".holdfast", into);
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((path) => [path.slice(folder.length + 1).replace(/^[^/]+\//, ""), readFileSync(path, "utf8")]),
  );
}
