import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { eventually } from "@holdfast/server/acceptance/testing";
import { Home } from "./home.ts";

/** exFAT ignores case. It has no links, executable bits, exchanges, exclusive renames or stable inode numbers. */
const programs = ["mkfs.exfat", "mount.exfat-fuse", "losetup"] as const;
const sizeBytes = 32 * 1024 * 1024;
const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/sbin`;
const timeoutMs = 120_000;

test(
  "a folder on exFAT syncs with one on this disk, also after remounting",
  { skip: skipUnlessMountable() },
  async (t) => {
    const home = await Home.open("exfat");
    const disk = new Disk(home.folder);
    try {
      if (!disk.tryToMount(t)) return;
      const [anna, bert] = [await home.addDevice("anna"), await home.addDevice("bert", { folder: disk.folder })];
      const [onAnna, onBert] = [(name: string) => join(anna.folder, name), (name: string) => join(bert.folder, name)];
      writeFileSync(onAnna("readme.txt"), "the first");
      writeFileSync(onAnna("run.sh"), "one", { mode: 0o755 });
      writeFileSync(onAnna("what?.txt"), "no name there");
      symlinkSync("readme.txt", onAnna("link"));
      anna.start();
      await home.rest(timeoutMs, [anna]);
      writeFileSync(onAnna("README.txt"), "the second");
      await home.rest(timeoutMs, [anna]);
      bert.start();
      const seenByBert = (): string[] =>
        readdirSync(bert.folder)
          .filter((name) => name !== ".holdfast")
          .toSorted();
      const alias = "README (case conflict).txt";
      await until("bert has all that fits", () => seenByBert().length === 3);
      assert.deepEqual(seenByBert(), [alias, "readme.txt", "run.sh"]);
      assert.equal(readFileSync(onBert(alias), "utf8"), "the second");

      writeFileSync(onBert(alias), "the second, edited");
      writeFileSync(onBert("run.sh"), "two");
      await until(
        "anna has bert's edits",
        () =>
          readFileSync(onAnna("README.txt"), "utf8") === "the second, edited" &&
          readFileSync(onAnna("run.sh"), "utf8") === "two",
      );
      assert.equal(statSync(onAnna("run.sh")).mode & 0o100, 0o100);
      writeFileSync(onAnna("readme.txt"), "the first, edited");
      await until("bert's file is replaced", () => readFileSync(onBert("readme.txt"), "utf8") === "the first, edited");

      renameSync(onBert("run.sh"), onBert("RUN.sh"));
      await until("a rename that only changes case arrives", () => existsSync(onAnna("RUN.sh")));
      await bert.idle(timeoutMs);
      await bert.stop();
      disk.unmount();
      assert.equal(disk.tryToMount(t), true);
      writeFileSync(onBert("new.txt"), "made while nothing ran");
      rmSync(onBert("readme.txt"));
      bert.start();
      await until(
        "what was done meanwhile arrives",
        () => existsSync(onAnna("new.txt")) && !existsSync(onAnna("readme.txt")),
      );
      await until(
        "the alias ends with the other one",
        () => existsSync(onBert("README.txt")) && !existsSync(onBert(alias)),
      );
      await home.rest(timeoutMs, [anna]);
      assert.deepEqual(
        readdirSync(anna.folder)
          .filter((name) => name !== ".holdfast")
          .toSorted(),
        ["README.txt", "RUN.sh", "link", "new.txt", "what?.txt"],
      );
      assert.deepEqual(seenByBert(), ["README.txt", "RUN.sh", "new.txt"]);
      const listed = (await bert.idle(timeoutMs)).problems.map(({ code, path: at }) => `${code} ${at}`).toSorted();
      assert.deepEqual(listed, ["skipped link", "skipped what?.txt"]);
    } finally {
      await Promise.allSettled(home.devices.map((device) => device.close()));
      disk.unmount();
      await home.close();
    }
  },
);

test(
  "a dry run on exFAT reports what a run there would do, and leaves nothing",
  { skip: skipUnlessMountable() },
  async (t) => {
    const home = await Home.open("exfat-dry");
    const disk = new Disk(home.folder);
    try {
      if (!disk.tryToMount(t)) return;
      const bert = await home.addDevice("bert", { folder: disk.folder });
      mkdirSync(join(disk.folder, "photos"));
      writeFileSync(join(disk.folder, "photos", "one.jpg"), "one");
      const dry = await bert.run(["sync", disk.folder, "--dry-run"]);
      assert.equal(dry.code, 0, dry.stderr);
      assert.match(dry.stdout, /create photos/);
      assert.deepEqual(readdirSync(disk.folder), ["photos"]);
      const real = await bert.run(["sync", disk.folder, "--once"]);
      assert.equal(real.code, 0, real.stderr);
    } finally {
      disk.unmount();
      await home.close();
    }
  },
);

function until(what: string, is: () => boolean): Promise<true> {
  return eventually(what, timeoutMs, () => {
    try {
      return is() || undefined;
    } catch {
      return undefined;
    }
  });
}

class Disk {
  readonly folder: string;
  readonly #image: string;
  #device: string | undefined;

  constructor(home: string) {
    this.folder = join(home, "exfat");
    this.#image = join(home, "exfat.image");
    mkdirSync(this.folder);
    writeFileSync(this.#image, "");
    truncateSync(this.#image, sizeBytes);
    run("mkfs.exfat", this.#image);
  }

  tryToMount(t: TestContext): boolean {
    try {
      this.#device = run("losetup", "--find", "--show", this.#image).trim();
      run("mount.exfat-fuse", this.#device, this.folder);
      return true;
    } catch (error) {
      t.skip(`exFAT cannot be mounted here: ${String((error as { stderr?: Buffer }).stderr).trim()}`);
      return false;
    }
  }

  unmount(): void {
    if (this.#device === undefined) return;
    spawnSync("umount", [this.folder], { env: { ...process.env, PATH: path } });
    spawnSync("losetup", ["--detach", this.#device], { env: { ...process.env, PATH: path } });
    this.#device = undefined;
  }
}

function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { env: { ...process.env, PATH: path }, stdio: "pipe" }).toString();
}

function skipUnlessMountable(): string | false {
  if (process.getuid?.() !== 0) return "only root may mount";
  if (!existsSync("/dev/fuse")) return "there is no /dev/fuse";
  const missing = programs.find((program) => !path.split(":").some((folder) => existsSync(join(folder, program))));
  return missing !== undefined && `${missing} is not installed`;
}
