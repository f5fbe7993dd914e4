import { randomBytes } from "node:crypto";
import { Agent, request } from "node:http";
import { Api, type RunningServer, type ServerProcess } from "@holdfast/server/acceptance/testing";
import { measureCost } from "./cost.ts";
import { cpuNote, type Row } from "./report.ts";

const callers = 32;
const listedFiles = 200;

/** The costs of two runs are comparable if both send equally many requests. */
type Extent = { readonly seconds: number } | { readonly requests: number };

/**
 * Simulates a day's traffic at once: of 100 requests, 40 look up a node, 25 list a folder of 200 files, 15 request
 * changes, 10 download 16 KiB, 10 upload 16 KiB. Clients and server share the machine.
 */
export async function measureMixedTraffic(server: ServerProcess, extent: Extent): Promise<Row[]> {
  const api = await Api.signIn(server.url);
  const folder = (await api.call("POST", "/metadata", { path: "/mixed", kind: "folder" })).body.id as string;
  const content = randomBytes(16 * 1024);
  let file = "";
  for (let index = 0; index < listedFiles; index++)
    file = (await api.put(`/mixed/file-${index}`, content)).body.id as string;
  const since = (await api.call("GET", "/changes/start_token")).body.token as string;
  const agent = new Agent({ keepAlive: true, maxSockets: callers });
  const send = sender(server, api.token ?? "", agent);
  const latenciesMs: number[] = [];
  let failures = 0;
  let serial = 0;
  let endMs = Infinity;
  const goesOn = () => ("requests" in extent ? serial < extent.requests : performance.now() < endMs);
  const caller = async () => {
    while (goesOn()) {
      const draw = serial++ % 100;
      const startMs = performance.now();
      const status = await pick(draw);
      latenciesMs.push(performance.now() - startMs);
      if (status >= 300) failures++;
    }
  };
  const pick = (draw: number) => {
    if (draw < 40) return send("GET", `/files/${file}`);
    if (draw < 65) return send("GET", `/folders/${folder}/contents`);
    if (draw < 80) return send("GET", `/changes/list?since_token=${since}&limit=50`);
    if (draw < 90) return send("GET", `/files/${file}/download`);
    return send("POST", `/files/upload?uploadType=media&path=/mixed-new-${serial}`, randomBytes(16 * 1024));
  };
  const cost = await measureCost(server.pid, () => {
    if ("seconds" in extent) endMs = performance.now() + extent.seconds * 1000;
    return Promise.all(Array.from({ length: callers }, caller));
  });
  agent.destroy();
  latenciesMs.sort((left, right) => left - right);
  const at = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? 0;
  const work = "mixed traffic";
  return [
    {
      work,
      by: "holdfast",
      value: latenciesMs.length / cost.seconds,
      unit: "requests/s",
      note: `${callers} callers; ${cpuNote(cost)}`,
      cost,
    },
    { work: `${work}, median`, by: "holdfast", value: at(0.5), unit: "ms" },
    { work: `${work}, p99`, by: "holdfast", value: at(0.99), unit: "ms" },
    { work: `${work}, failed`, by: "holdfast", value: failures, unit: "errors" },
  ];
}

function sender(server: RunningServer, token: string, agent: Agent) {
  return (method: string, path: string, body?: Buffer): Promise<number> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { "content-length": body.length }),
      };
      const outgoing = request(`${server.url}/api/v1${path}`, { method, agent, headers }, (answer) => {
        answer.resume();
        answer.once("end", () => resolve(answer.statusCode ?? 0));
      });
      outgoing.once("error", reject);
      outgoing.end(body);
    });
}
