import { Api, ok, type ServerProcess } from "@holdfast/server/acceptance/testing";
import { measureCost } from "./cost.ts";
import { type Cost, cpuNote, type Row } from "./report.ts";
import { at, expect, timedCall } from "./sharing/latencies.ts";

const callers = 20;
const goalMs = 300;
const warmUpEach = 10;

/**
 * Measures concurrent sign-ins, each repeated immediately. Nearly all time is argon2id with the settings of
 * `features/accounts/passwords/passwords.ts`. Clients and server share the machine. One run uses devices that have
 * signed in before, like returning people, and one a new device each time, about which the account is notified.
 */
export async function measureSignIns(server: ServerProcess, timesEach: number): Promise<Row[]> {
  const administrator = await Api.signIn(server.url);
  const people = Array.from({ length: callers }, (_, index) => ({
    email: `sign-in-${index}@example.com`,
    password: `the password of person ${index}`,
  }));
  for (const person of people) await ok(administrator, "POST", "/admin/users", { ...person, name: person.email });
  const known = await signInAll(server, people, { timesEach, isKnown: true });
  const strange = await signInAll(server, people, { timesEach, isKnown: false });
  return [
    ...rowsOf(`sign-in, ${callers} at once`, known),
    ...rowsOf(`sign-in by a new device, ${callers} at once`, strange),
  ];
}

interface Person {
  readonly email: string;
  readonly password: string;
}

interface Measured {
  readonly tookMs: readonly number[];
  readonly cost: Cost;
}

async function signInAll(
  server: ServerProcess,
  people: readonly Person[],
  { timesEach, isKnown }: { readonly timesEach: number; readonly isKnown: boolean },
): Promise<Measured> {
  const stranger = new Api(server.url);
  const tookMs: number[] = [];
  const secrets = new Map<Person, string>();
  const signIn = async (person: Person): Promise<number> => {
    const device = { device_name: "bench", ...(isKnown ? { device_secret: secrets.get(person) } : {}) };
    const call = await timedCall(stranger, "POST", "/sessions", JSON.stringify({ ...person, ...device }));
    const { ms, body } = expect(call, 200);
    secrets.set(person, body.device_secret);
    return ms;
  };
  const all = (times: number): Promise<void[]> =>
    Promise.all(
      people.map(async (person) => {
        for (let time = 0; time < times; time += 1) tookMs.push(await signIn(person));
      }),
    );
  // The first ones open connections and run cold code.
  await all(warmUpEach);
  tookMs.length = 0;
  const cost = await measureCost(server.pid, () => all(timesEach));
  return { tookMs, cost };
}

function rowsOf(work: string, { tookMs, cost }: Measured): Row[] {
  const note = `median ${at(tookMs, 0.5).toFixed(0)} ms, slowest ${at(tookMs, 1).toFixed(0)} ms; ${tookMs.length} of them`;
  return [
    { work: `${work}, p99`, by: "holdfast", value: at(tookMs, 0.99), unit: "ms", goal: { atMost: goalMs }, note },
    {
      work,
      by: "holdfast",
      value: tookMs.length / cost.seconds,
      unit: "requests/s",
      note: cpuNote(cost),
      cost,
    },
  ];
}
