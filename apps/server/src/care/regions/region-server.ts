import pg from "pg";
import { HoldfastError } from "@holdfast/core/errors";
import { lockNumber } from "../../base/db/session-lock.ts";
import { type Host, hostName } from "../../base/db/primary/database-url.ts";
import { readServerState, type ServerState } from "../../base/db/primary/server-state.ts";
import { within } from "../../base/within.ts";

export interface StandbyState {
  /** End of the log that it has received. */
  readonly receivedBytes: number;
  /** Time of the last change that it shows, in ms since 1970; null if it has replayed none since its start. */
  readonly lastChangeMs: number | null;
  /** Receives log from a primary; null if the role may not see that. */
  readonly isReceiving: boolean | null;
  /** The role of the database URL may promote it. */
  readonly isPromotable: boolean;
}

const answerMsMax = 10_000;
const closeMsMax = 1000;
const promotionSeconds = 60;

/** A frozen or vanished primary sends nothing, and its standby notices that after a minute by default. */
const standbySql = `
  select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) - '0/0'::pg_lsn as "receivedBytes",
    (extract(epoch from pg_last_xact_replay_timestamp()) * 1000)::float8 as "lastChangeMs",
    case when not exists (select from pg_stat_wal_receiver) then false
      else (select case when status is null then null else status = 'streaming' end from pg_stat_wal_receiver)
    end as "isReceiving",
    has_function_privilege('pg_promote(boolean, integer)', 'execute') as "isPromotable"`;

/** A part of `pg.Client` that its types lack. */
interface Internals {
  readonly connection: { readonly stream: { destroy(): void } };
}

/** A PostgreSQL server of a database that has servers in several regions. */
export class RegionServer {
  readonly name: string;
  /** undefined: in no region */
  readonly region: string | undefined;
  readonly #host: Host;
  readonly #client: pg.Client;
  state: ServerState | undefined;
  standby: StandbyState | undefined;
  problem: string | undefined;

  /** @param databaseUrl with any host of its list */
  constructor(databaseUrl: string, host: Host, region: string | undefined) {
    this.name = hostName(host);
    this.region = region;
    this.#host = host;
    const connectionString = this.urlOf(databaseUrl);
    this.#client = new pg.Client({ connectionString, application_name: "holdfast region", keepAlive: true });
    this.#client.on("error", () => {});
  }

  /** The URL with this server as its host. */
  urlOf(databaseUrl: string): string {
    const [start = "", query] = databaseUrl.split("?");
    const parameters = new URLSearchParams(query);
    parameters.set("host", this.#host.host);
    parameters.set("port", String(this.#host.port));
    return `${start}?${parameters.toString().replaceAll("+", "%20")}`;
  }

  /** Failures are in `problem`. */
  async connect(): Promise<void> {
    await this.#answered(async () => {
      await this.#client.connect();
      await this.#read();
    });
  }

  async read(): Promise<void> {
    if (this.state !== undefined) await this.#answered(() => this.#read());
  }

  /** Until the connection ends. @throws HoldfastError conflict while another command has it */
  async lockPromotion(): Promise<void> {
    const text = `select pg_try_advisory_lock(${lockNumber("holdfast region promotion")}) as taken`;
    const { rows } = await this.#inTime(answerMsMax, this.#client.query<{ taken: boolean }>(text));
    if (rows[0]?.taken === true) return;
    throw new HoldfastError("conflict", `Another command is promoting ${this.name}.`);
  }

  /** Makes the standby a primary. */
  async promote(): Promise<void> {
    try {
      const promoting = this.#client.query("select pg_promote(true, $1)", [promotionSeconds]);
      await this.#inTime(promotionSeconds * 1000 + answerMsMax, promoting);
      await this.#inTime(answerMsMax, this.#read());
    } catch (error) {
      const message = `${this.name} cannot be promoted: ${(error as Error).message}`;
      throw new HoldfastError("failed", message, { cause: error });
    }
    if (this.state?.isPrimary !== true)
      throw new HoldfastError("failed", `${this.name} is still a standby after ${promotionSeconds} seconds.`);
  }

  /** A frozen server never answers, also not to the end of a connection. */
  async close(): Promise<void> {
    if (this.state !== undefined) await within(closeMsMax, this.#client.end(), () => {}).catch(() => {});
    (this.#client as unknown as Internals).connection.stream.destroy();
  }

  async #answered(work: () => Promise<void>): Promise<void> {
    try {
      await this.#inTime(answerMsMax, work());
    } catch (error) {
      this.state = undefined;
      this.problem = (error as Error).message;
    }
  }

  #inTime<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
    return within(timeoutMs, work, () => {
      work.catch(() => {});
      throw new HoldfastError("unavailable", `${this.name} does not answer.`);
    });
  }

  async #read(): Promise<void> {
    this.state = await readServerState(this.#client);
    if (this.state.isPrimary) return;
    type Row = Omit<StandbyState, "receivedBytes"> & { readonly receivedBytes: string | null };
    const { rows } = await this.#client.query<Row>(standbySql);
    const [row] = rows;
    if (row !== undefined) this.standby = { ...row, receivedBytes: Number(row.receivedBytes ?? 0) };
  }
}
