import { setTimeout as delay } from "node:timers/promises";
import { eventually, postmasterPid } from "@holdfast/server/acceptance/testing";
import type { Home } from "./home.ts";

type Trouble = (home: Home, draw: () => number) => Promise<string>;

/**
 * Repairs the failure at the end: killed processes run again and the cable works.
 * @returns a description
 */
export async function makeTrouble(home: Home, draw: () => number): Promise<string> {
  const trouble = troubles[Math.floor(draw() * troubles.length)] ?? killDevice;
  return trouble(home, draw);
}

const killDevice: Trouble = async (home, draw) => {
  const device = some(home, draw);
  await device.kill();
  await delay(draw() * 800);
  device.start();
  return `${device.name} was killed`;
};

const stopDevice: Trouble = async (home, draw) => {
  const device = some(home, draw);
  const code = await device.stop();
  if (code !== 0 && code !== null)
    throw new Error(`${device.name} was asked to stop and ended with ${code}: ${device.lastWords()}`);
  device.start();
  return `${device.name} was stopped`;
};

const killServer: Trouble = async (home, draw) => {
  await home.server.kill();
  await delay(draw() * 500);
  await home.restart();
  return "the server was killed";
};

const killDatabase: Trouble = async (home) => {
  const pid = await eventually("the database runs", 60_000, () => postmasterPid(home.dataFolder));
  process.kill(pid, "SIGKILL");
  await eventually("the database runs again", 60_000, () => {
    const now = postmasterPid(home.dataFolder);
    return now !== undefined && now !== pid ? now : undefined;
  });
  return "the database was killed";
};

const dropCable: Trouble = async (home, draw) => {
  const { cable, name } = some(home, draw);
  cable.drop();
  await delay(draw() * 1500);
  cable.mend();
  return `the cable of ${name} was dropped`;
};

const stallCable: Trouble = async (home, draw) => {
  const { cable, name } = some(home, draw);
  cable.stall();
  await delay(draw() * 2500);
  cable.mend();
  return `the cable of ${name} was stalled`;
};

const cutCable: Trouble = async (home, draw) => {
  const { cable, name } = some(home, draw);
  cable.cutAfter(Math.floor(draw() ** 3 * 200_000));
  await delay(draw() * 1000);
  return `the cable of ${name} was cut in the middle of a body`;
};

const troubles: readonly Trouble[] = [
  killDevice,
  killDevice,
  killDevice,
  stopDevice,
  killServer,
  killDatabase,
  dropCable,
  stallCable,
  cutCable,
  cutCable,
];

function some(home: Home, draw: () => number) {
  return home.devices[Math.floor(draw() * home.devices.length)]!;
}
