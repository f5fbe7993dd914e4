import { setTimeout as delay } from "node:timers/promises";
import type { Clock } from "@holdfast/core/clock";
import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import { printable } from "@holdfast/core/printable";
import type { AcmeSettings } from "../../base/config/acme-settings.ts";
import type { ListenAddress } from "../../base/config/listen.ts";
import type { Log } from "../../base/operation/log.ts";
import { askAuthority } from "./ask-authority.ts";
import { answerChallenges, answerOnly, ChallengeAnswers } from "./challenge-answers.ts";
import { checkCertificate, type GivenCertificate, type Lifetime } from "./judge-certificate.ts";
import type { KeptCertificate } from "./kept-certificate.ts";
import { renewalDueMs, retryWaitMs } from "./renewal-time.ts";

export interface CertificateWorld {
  readonly settings: AcmeSettings;
  readonly kept: KeptCertificate;
  readonly listen: ListenAddress;
  readonly clock: Pick<Clock, "nowMs">;
  /** At least 0, below 1. */
  readonly chance: () => number;
  readonly log: Log;
  readonly userAgent: string;
}

interface Served extends GivenCertificate {
  readonly lifetime: Lifetime;
}

/** Maximum delay after a sleep of the machine or a clock change. */
const lookMsMax = 10 * 60_000;
const reasonCharactersMax = 1500;

/** Stored, requested if there is no valid certificate, and renewed in time. */
export class ServerCertificate {
  readonly #world: CertificateWorld;
  readonly #answers = new ChallengeAnswers();
  readonly #stopped = new AbortController();
  #renewing: Promise<void> = Promise.resolve();
  #failures: number;
  #notBeforeMs: number;
  #untilMs = 0;

  constructor(world: CertificateWorld) {
    this.#world = world;
    const tries = world.kept.tries();
    const isOfThese = tries?.domains === domainsOf(world.settings);
    this.#failures = isOfThese ? tries.failures : 0;
    this.#notBeforeMs = isOfThese ? Math.min(tries.notBeforeMs, tries.atMs + retryMsMax) : 0;
  }

  /** Answers authorities during normal operation. */
  get choose(): ReturnType<typeof answerChallenges> {
    return answerChallenges(this.#answers, ["http/1.1"]);
  }

  /**
   * Returns a valid stored certificate. Otherwise requests one until it succeeds, and meanwhile answers only the
   * authority's checks.
   * @throws HoldfastError `usage` if a setting must be changed first
   */
  async first(): Promise<Served> {
    const kept = this.#kept();
    if (kept !== undefined) return kept;
    const { settings, listen, log } = this.#world;
    const authority = new URL(settings.directory).host;
    log.info(
      {},
      `requesting a certificate for ${settings.domains.join(", ")} from ${authority}; the server is ready when it arrives`,
    );
    const close = await answerOnly(this.#answers, listen);
    try {
      for (;;) {
        await this.#wait(this.#notBeforeMs);
        const served = await this.#try(undefined);
        if (!(served instanceof HoldfastError)) return served;
        if (served.code === "usage") throw served;
      }
    } finally {
      await close();
    }
  }

  /** Renews from now on, whenever a third of the lifetime is left. @param use applies it to new connections */
  keep(first: Served, use: (certificate: GivenCertificate) => void): void {
    this.#renewing = this.#renewForEver(first, use).catch((error: unknown) => {
      if (this.#stopped.signal.aborted) return;
      this.#world.log.error({ reason: toHoldfastError(error).message }, "certificates are no longer renewed");
    });
  }

  get untilMs(): number {
    return this.#untilMs;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#renewing;
  }

  async #renewForEver(first: Served, use: (certificate: GivenCertificate) => void): Promise<void> {
    let served = first;
    this.#untilMs = served.lifetime.untilMs;
    for (;;) {
      const dueMs = renewalDueMs(served.lifetime, this.#world.chance());
      await this.#wait(Math.max(dueMs, this.#notBeforeMs));
      const renewed = await this.#try(served.lifetime);
      if (renewed instanceof HoldfastError) continue;
      served = renewed;
      use(served);
      this.#untilMs = served.lifetime.untilMs;
    }
  }

  /** The machine's clock may jump. */
  async #wait(atMs: number): Promise<void> {
    const { clock } = this.#world;
    for (let leftMs = atMs - clock.nowMs(); leftMs > 0; leftMs = atMs - clock.nowMs())
      await delay(Math.min(leftMs, lookMsMax), undefined, { signal: this.#stopped.signal });
    this.#stopped.signal.throwIfAborted();
  }

  #kept(): Served | undefined {
    const { kept, settings, clock, log } = this.#world;
    const certificate = kept.certificate();
    if (certificate === undefined) return undefined;
    try {
      return { ...certificate, lifetime: checkCertificate(certificate, settings.domains, clock.nowMs()) };
    } catch (error) {
      log.info({ reason: (error as Error).message }, "the stored certificate is no longer used");
      return undefined;
    }
  }

  /** A failure is logged and stored, and sets the next time. */
  async #try(lifetime: Lifetime | undefined): Promise<Served | HoldfastError> {
    const { settings, kept, clock, log } = this.#world;
    try {
      const given = await this.#ask();
      const served = { ...given, lifetime: checkCertificate(given, settings.domains, clock.nowMs()) };
      this.#stopped.signal.throwIfAborted();
      await kept.keepCertificate(given);
      await this.#keepTries(0, "", 0);
      log.info(
        { until: new Date(served.lifetime.untilMs).toISOString() },
        `the certificate for ${settings.domains.join(", ")} has arrived`,
      );
      return served;
    } catch (error) {
      this.#stopped.signal.throwIfAborted();
      const failure = toFailure(error);
      await this.#failed(failure, lifetime);
      return failure;
    }
  }

  /** Returns immediately on a stop, even if the library is waiting. */
  async #ask(): Promise<GivenCertificate> {
    const { settings, kept, listen, userAgent } = this.#world;
    const { promise: aborted, reject } = Promise.withResolvers<never>();
    const abort = () => reject(this.#stopped.signal.reason);
    this.#stopped.signal.addEventListener("abort", abort);
    const asked = askAuthority({
      settings,
      answers: this.#answers,
      port: listen.port,
      userAgent,
      signal: this.#stopped.signal,
      account: kept.account(),
      keepAccount: (account) => kept.keepAccount(account),
    });
    try {
      return await Promise.race([asked, aborted]);
    } finally {
      this.#stopped.signal.removeEventListener("abort", abort);
    }
  }

  async #failed(failure: HoldfastError, lifetime: Lifetime | undefined): Promise<void> {
    const { clock, log, chance } = this.#world;
    const nowMs = clock.nowMs();
    const retryAfterMs = failure.retryAfterSeconds === undefined ? undefined : failure.retryAfterSeconds * 1000;
    const leftMs = lifetime === undefined ? undefined : lifetime.untilMs - nowMs;
    const failures = this.#failures + 1;
    const waitMs = retryWaitMs({ failures, retryAfterMs, leftMs }, chance());
    // A restart keeps only the authority's demand, so that operators can test a fix.
    await this.#keepTries(failures, failure.message, retryAfterMs === undefined ? 0 : nowMs + waitMs);
    this.#notBeforeMs = nowMs + waitMs;
    if (lifetime === undefined && failure.code === "usage") return;
    const what = lifetime === undefined ? "there is no certificate yet" : "the certificate could not be renewed";
    log.error({ again_at: new Date(this.#notBeforeMs).toISOString(), failures }, `${what}: ${failure.message}`);
  }

  /** A full disk must not prevent another attempt. */
  async #keepTries(failures: number, reason: string, notBeforeMs: number): Promise<void> {
    const { kept, clock, log, settings } = this.#world;
    this.#failures = failures;
    this.#notBeforeMs = notBeforeMs;
    try {
      await kept.keepTries({ domains: domainsOf(settings), failures, reason, atMs: clock.nowMs(), notBeforeMs });
    } catch (error) {
      log.warn({ reason: toHoldfastError(error).message }, "the result of a certificate request could not be stored");
    }
  }
}

const retryMsMax = 7 * 24 * 3600_000;

function domainsOf({ domains }: AcmeSettings): string {
  return domains.join(",");
}

/** Converts the library's errors to one line. */
function toFailure(error: unknown): HoldfastError {
  if (error instanceof HoldfastError) return error;
  const said = error instanceof Error ? error.message : String(error);
  const message = `The authority's answer is invalid: ${printable(said.slice(0, reasonCharactersMax).replaceAll(/\s+/g, " "))}`;
  return new HoldfastError("unavailable", message, { cause: error });
}
