import { mkdirSync } from "node:fs";
import {
  Api,
  eventually,
  makeFolder,
  removeFolder,
  type ServerProcess,
  type ServerOptions,
  spawnServer,
} from "@holdfast/server/acceptance/testing";
import { Device, type DeviceOptions } from "./device.ts";
import { differences, diskTree, ServerTree, type Tree } from "./tree.ts";

export class Home {
  readonly folder: string;
  readonly dataFolder: string;
  readonly api: Api;
  readonly devices: Device[] = [];
  readonly #serverTree: ServerTree;
  readonly #options: Omit<ServerOptions, "dataFolder">;
  #server: ServerProcess;

  private constructor(folder: string, server: ServerProcess, api: Api, options: Omit<ServerOptions, "dataFolder">) {
    this.folder = folder;
    this.dataFolder = `${folder}/data`;
    this.#server = server;
    this.#options = options;
    this.api = api;
    this.#serverTree = new ServerTree(api);
  }

  static async open(name: string, options: Omit<ServerOptions, "dataFolder"> = {}): Promise<Home> {
    const folder = makeFolder(name);
    const server = await spawnServer({ dataFolder: `${folder}/data`, ...options });
    const api = await Api.signIn(server.url);
    // A personal access token, which survives a restore of the server.
    const made = await api.call("POST", "/tokens", { name: "test", scopes: ["files:read", "files:write", "account"] });
    if (made.status !== 201) throw new Error(`A token was answered ${made.status}: ${JSON.stringify(made.body)}`);
    api.token = made.body.token;
    return new Home(folder, server, api, options);
  }

  get server(): ServerProcess {
    return this.#server;
  }

  async restart(): Promise<void> {
    this.#server = await spawnServer({ ...this.#options, dataFolder: this.dataFolder, port: this.#server.port });
  }

  async addDevice(name: string, options: Partial<DeviceOptions> = {}): Promise<Device> {
    const home = `${this.folder}/devices`;
    mkdirSync(home, { recursive: true });
    const device = await Device.signIn({ name, home, port: this.#server.port, ...options });
    this.devices.push(device);
    return device;
  }

  async startDevices(...names: string[]): Promise<Device[]> {
    const devices = await Promise.all(names.map((name) => this.addDevice(name)));
    for (const device of devices) device.start();
    return devices;
  }

  async journal(): Promise<string> {
    const { status, body } = await this.api.call("GET", "/changes/start_token");
    if (status !== 200) throw new Error(`The head of the journal was answered ${status}: ${JSON.stringify(body)}`);
    return body.token;
  }

  serverTree(): Promise<Tree> {
    return this.#serverTree.read();
  }

  /**
   * Waits until the devices report twice that they have nothing to do, the journal does not change between, and all
   * folders equal the server's tree.
   * @returns that tree
   */
  async rest(timeoutMs = 180_000, devices: readonly Device[] = this.devices): Promise<Tree> {
    let reason = "nothing was looked at";
    let before: string | undefined;
    const isAtRest = async (): Promise<Tree | undefined> => {
      const head = await this.journal();
      const statuses = await Promise.all(devices.map((device) => device.status()));
      const tree = await this.serverTree();
      const busy = statuses.findIndex((status) => status?.state !== "idle" || status.pending_files > 0);
      const different = devices.flatMap((device) => {
        const disk = diskTree(device.folder);
        return disk === undefined ? [`${device.name} moves`] : differences(device.name, disk, "the server", tree);
      });
      const isStill = head === before;
      before = busy === -1 && different.length === 0 ? head : undefined;
      reason = `${busy === -1 ? "" : `${devices[busy]!.name}: ${JSON.stringify(statuses[busy])}\n`}${different.join("\n")}`;
      return before !== undefined && isStill && (await this.journal()) === head ? tree : undefined;
    };
    try {
      return await eventually("all is at rest and equal", timeoutMs, async () => {
        try {
          return await isAtRest();
        } catch (error) {
          before = undefined;
          reason = String(error);
          return undefined;
        }
      });
    } catch (error) {
      const words = devices.map((device) => `--- ${device.name}:\n${device.lastWords()}`).join("\n");
      throw new Error(`Not at rest and equal after ${timeoutMs} ms: ${reason}\n${words}`, { cause: error });
    }
  }

  async close(keep = false): Promise<void> {
    // One failure must not leave other processes running, which would keep the test process alive.
    const closed = await Promise.allSettled(this.devices.map((device) => device.close()));
    await this.#server.stop();
    if (!keep) removeFolder(this.folder);
    for (const outcome of closed) if (outcome.status === "rejected") throw outcome.reason;
  }
}
