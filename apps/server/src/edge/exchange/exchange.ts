import { HoldfastError, toHoldfastError } from "@holdfast/core/errors";
import type { UserId } from "@holdfast/core/ids";
import { isOpen, jsonBytesMax, type Route } from "@holdfast/protocol/route";
import type { z } from "zod";
import type { Caller } from "../../features/accounts/context/caller.ts";
import type { AnswerReading, Reading } from "../../packs/read/reading-room.ts";
import type { Log } from "../../base/operation/log.ts";
import type { AdmittedWork } from "./admission.ts";
import { type LooseAnswer, sendAnswer, sendProblem } from "./answer.ts";
import { assertAdmitted, assertTrusted } from "./assert-admitted.ts";
import { assertAccess, readBasic, readBearer, signInNeeded, stillCaller } from "./authentication.ts";
import { type Conditions, readConditions } from "./conditions.ts";
import type { Arrived, ExchangeWorld } from "./exchange-world.ts";
import type { Later } from "./handler.ts";
import { admitJson, readJsonBody, validate } from "./json-body.ts";
import { assertFromOwnPage } from "./own-page.ts";
import type { AuditNote, Outcome } from "./describe-request.ts";
import { addressGroup, type Peer } from "./peer.ts";
import { clientGone, type ProblemShape } from "./problem.ts";
import { assertPlain, assertQueryText, declaredLength, hasLongBody, jsonCoding, readParams } from "./request-checks.ts";
import { closeAfterAnswer, drainAfterAnswer, forgetHead, RequestBody } from "./request-body.ts";
import { RequestRecord } from "./request-record.ts";
import { sendingOf } from "./sending-of.ts";
import { endWhileStalled } from "./stalled-body.ts";
import type { Mounted } from "./mounted.ts";

/**
 * Context for the handler (`RequestContext`). Thousands of polls run for a minute each, so optional parts are created
 * on first use.
 */
export class Exchange {
  readonly #world: ExchangeWorld;
  readonly #route: Route;
  readonly #record: RequestRecord | undefined;
  readonly #problem: ProblemShape | undefined;
  readonly #work: AdmittedWork;
  #arrived: Arrived;
  #userId: UserId | undefined;
  #isLink = false;
  #stream: RequestBody | undefined;
  #gone: AbortController | undefined;
  #clientGone = false;
  #goneListener: (() => void) | undefined;
  #json: unknown;
  #releaseJson = (): void => {};
  #reading: AnswerReading | undefined;
  readonly #places: (() => void)[] = [];
  caller: Caller | undefined;
  params: unknown;
  query: unknown;
  body: unknown;

  constructor(world: ExchangeWorld, { route, audit, problem }: Mounted, arrived: Arrived, work: AdmittedWork) {
    this.#world = world;
    this.#work = work;
    this.#route = route;
    this.#problem = problem;
    if (audit !== undefined && world.audit !== undefined) this.#record = new RequestRecord(world.audit, audit);
    this.#arrived = arrived;
    // Cookies in requests from other sites must never sign anybody in.
    if (route.fromOwnPage !== true && route.readsCookies !== true) delete arrived.request.headers.cookie;
    arrived.response.on("close", () => {
      if (this.#arrived.response.writableFinished) return;
      this.abort();
      this.#goneListener?.();
    });
    world.running.add(this);
  }

  get receivedBytes(): number {
    return this.#stream?.receivedBytes ?? 0;
  }

  get clientGone(): boolean {
    return this.#clientGone;
  }

  abort(): void {
    this.#clientGone = true;
    this.#gone?.abort();
  }

  get headers() {
    return this.#arrived.request.headers;
  }

  get url(): string {
    return this.#arrived.request.url ?? "/";
  }

  get head(): boolean {
    return this.#arrived.request.method === "HEAD";
  }

  get stream(): RequestBody {
    assertPlain(this.#arrived.request);
    endWhileStalled(this.#work, this.#body, this.#arrived.request);
    return this.#body;
  }

  get #body(): RequestBody {
    const { bodyIdleTimeoutMs: idleMs } = this.#world;
    return (this.#stream ??= new RequestBody(this.#arrived.request, idleMs, (whole) => this.#lookAgain(whole)));
  }

  get contentLengthBytes(): number | undefined {
    return declaredLength(this.#arrived.request);
  }

  get readJson() {
    return (schema: z.ZodType) => this.#readJson(schema);
  }

  get conditions() {
    return (facts?: unknown) => this.#conditions(facts);
  }

  get identify() {
    return () => this.#identify();
  }

  get countFor() {
    return (caller: Caller) => {
      this.note({ caller });
      this.#take(caller);
    };
  }

  get note() {
    return (note: AuditNote) => this.#record?.note(note);
  }

  get charge() {
    return (unit: "operations" | "bytes" | "uploads", amount: number) =>
      this.#world.rateLimits.take(unit, this.#payer(), amount);
  }

  get owe() {
    return (calls: number) => this.#world.rateLimits.debit("calls", this.#payer(), calls);
  }

  get reading(): Reading {
    this.#reading ??= this.#world.readingRoom.open(this.#payer(), () => this.#arrived.response.destroy());
    return this.#reading;
  }

  get requestId(): string {
    return this.#arrived.requestId;
  }

  get peer(): Peer {
    return this.#arrived.peer;
  }

  get admitJson() {
    return async (sizeBytes: number) => {
      this.#releaseJson = await admitJson(this.#world.jsonBudget, sizeBytes);
    };
  }

  /** Releases the body early, because the client may receive the response slowly. */
  get releaseJson(): () => void {
    return () => this.#releaseJson();
  }

  get signal(): AbortSignal {
    this.#gone ??= new AbortController();
    if (this.#clientGone) this.#gone.abort();
    return this.#gone.signal;
  }

  get onGone() {
    return (listener: () => void) => {
      this.#goneListener = listener;
      if (this.#clientGone) listener();
    };
  }

  get stopping(): AbortSignal {
    return this.#world.stopping;
  }

  get log(): Log {
    return this.#arrived.log;
  }

  /** Runs all checks before the handler, the cheapest first. */
  async open(): Promise<void> {
    const { params, query } = this.#arrived;
    const route = this.#route;
    const { headers, url = "" } = this.#arrived.request;
    this.#world.assertHost(headers.host);
    this.#record?.open();
    await this.#admit();
    if (route.fromOwnPage === true) assertFromOwnPage(this.#arrived.request, this.#arrived.peer);
    await this.#takePlaces();
    if (route.method !== "GET") this.#world.assertWritable();
    if (route.params !== undefined) this.params = readParams(route, params);
    assertQueryText(url);
    if (route.query !== undefined) this.query = validate(route.query, query, "query");
    if (route.bodyKind === "json") this.body = await this.#readJson(route.body);
    if (this.caller !== undefined) assertTrusted(this.caller, route, this.body);
  }

  /** Polls have their own limit. */
  async #takePlaces(): Promise<void> {
    if (this.#route.cost === "poll") return;
    const { requestsAtOnce, bodiesAtOnce } = this.#world;
    this.#places.push(requestsAtOnce.enter(this.#payer()));
    if (!hasLongBody(this.#arrived.request)) return;
    this.#work.end();
    this.#places.push(await bodiesAtOnce.enterInTurn(this.#payer()));
    await this.#work.resume();
  }

  async record(outcome: Outcome): Promise<void> {
    const { caller, query, body, requestId } = this;
    // A request that is rejected before validation is also audited with its parameters.
    const params = this.params ?? this.#arrived.params;
    await this.#record?.close({ caller, params, query, body, requestId, address: this.peer.address }, outcome);
  }

  async refuseRecorded(thrown: unknown): Promise<void> {
    const { status, code } = toHoldfastError(thrown);
    // The entry is written later if it cannot be written now. The client receives the original error.
    await this.record({ status, code }).catch(() => {});
    await this.refuse(thrown);
  }

  async answer(answer: LooseAnswer): Promise<void> {
    try {
      await sendAnswer(
        sendingOf(this.#world, this.#arrived, () => this.#reading?.moved()),
        answer,
      );
    } catch (thrown) {
      return this.refuse(thrown);
    }
    await this.#close(undefined);
  }

  async refuse(thrown: unknown): Promise<void> {
    const error = this.#clientGone ? clientGone(thrown) : toHoldfastError(thrown);
    if (error.code === "unauthenticated") closeAfterAnswer(this.#arrived.request, this.#arrived.response);
    sendProblem(
      sendingOf(this.#world, this.#arrived, () => this.#reading?.moved()),
      error,
      this.#problem,
    );
    await this.#close(error);
  }

  /** Releases the request's data, which has been read, while the request waits. */
  wait({ later }: Later<LooseAnswer>): void {
    forgetHead(this.#arrived.request);
    this.#arrived = { ...this.#arrived, params: undefined, query: undefined };
    this.caller = undefined;
    this.params = undefined;
    this.query = undefined;
    later((answer) => void (answer instanceof HoldfastError ? this.refuse(answer) : this.answer(answer)));
  }

  async #close(error: HoldfastError | undefined): Promise<void> {
    const arrived = this.#arrived;
    const { response } = arrived;
    await this.#settle();
    const result = { userId: this.#userId, error, bytesIn: this.receivedBytes };
    if (response.closed || response.destroyed) this.#world.report(arrived, result);
    else response.once("close", () => this.#world.report(arrived, result));
  }

  /** The size of a body is known only at the end. */
  async #settle(): Promise<void> {
    const { receivedBytes } = this;
    this.#world.running.delete(this);
    for (const leave of this.#places) leave();
    this.#stream?.destroy();
    drainAfterAnswer(this.#arrived.request);
    if (this.#route.cost === "call" || receivedBytes === 0) return;
    await this.#world.rateLimits.debit("bytes", this.#payer(), receivedBytes);
  }

  async #admit(): Promise<void> {
    const { cost } = this.#route;
    const caller = isOpen(this.#route) ? undefined : await this.#authenticate();
    if (caller === undefined) {
      await this.#payAsStranger();
      if (isOpen(this.#route)) return;
      throw signInNeeded(this.#arrived.request.headers.authorization);
    }
    this.#take(caller);
    const { rateLimits } = this.#world;
    const payer = this.#payer();
    if (cost === "call" || cost === "poll" || cost === "sign_in") return rateLimits.take("calls", payer, 1);
    await rateLimits.take("operations", payer, 1);
    await rateLimits.check("bytes", payer);
  }

  #take(caller: Caller): void {
    this.caller = caller;
    this.#countFor(caller);
    if (!isOpen(this.#route)) assertAccess(caller, this.#route);
  }

  /**
   * Checks the caller again while a body arrives.
   * @throws HoldfastError unauthenticated, forbidden, address_not_allowed, second_factor_required
   */
  async #lookAgain(isWhole: boolean): Promise<void> {
    const { caller } = this;
    if (caller !== undefined)
      this.#take(await stillCaller(this.#world.authenticator, caller, isWhole ? this.#arrived : undefined));
    if (isWhole) await this.#work.resume();
  }

  #countFor(caller: Caller): void {
    this.#userId = caller.userId;
    this.#isLink = caller.credential.kind === "link";
    assertAdmitted(caller, this.#route, this.peer.address);
  }

  /** @returns undefined without a credential. @throws HoldfastError unauthenticated, rate_limited */
  async #authenticate(): Promise<Caller | undefined> {
    const { request, peer } = this.#arrived;
    const { authenticator } = this.#world;
    const bearer = readBearer(request.headers.authorization);
    const basic = bearer === undefined ? readBasic(request.headers) : undefined;
    const polls = this.#route.cost === "poll";
    const facts = { address: peer.address, userAgent: request.headers["user-agent"], polls };
    try {
      if (bearer !== undefined) return this.#known(await authenticator.authenticate(bearer, facts));
      return basic === undefined ? undefined : await authenticator.authenticateApp(basic, addressGroup(peer.address));
    } catch (error) {
      const code = error instanceof HoldfastError ? error.code : "";
      if (code === "unauthenticated") this.#world.callerKeys.forget(request.headers);
      // Further guesses are also looked up, so they also cost.
      if (code === "unauthenticated" || (basic !== undefined && code === "rate_limited")) await this.#payAsStranger();
      throw error;
    }
  }

  /** Many people use one link. */
  #known(caller: Caller): Caller {
    if (caller.credential.kind !== "link")
      this.#world.callerKeys.remember(this.#arrived.request.headers, caller.userId);
    return caller;
  }

  async #identify(): Promise<Caller | undefined> {
    try {
      const caller = await this.#authenticate();
      if (caller === undefined) return undefined;
      this.note({ caller });
      assertAdmitted(caller, this.#route, this.peer.address);
      return caller;
    } catch (error) {
      if (error instanceof HoldfastError && error.code === "unauthenticated") return undefined;
      throw error;
    }
  }

  #payAsStranger(): Promise<void> {
    return this.#world.rateLimits.take("address", addressGroup(this.#arrived.peer.address), 1);
  }

  /** Many people may use one link, so each address has its own limits. */
  #payer(): string {
    if (this.#userId !== undefined && !this.#isLink) return this.#userId;
    const address = addressGroup(this.#arrived.peer.address);
    return this.#userId === undefined ? address : `${this.#userId} ${address}`;
  }

  async #readJson<Schema extends z.ZodType>(schema: Schema | undefined): Promise<z.output<Schema> | undefined> {
    const { request } = this.#arrived;
    const route = this.#route;
    const coding = jsonCoding(request, route);
    endWhileStalled(this.#work, this.#body, request);
    const { json, release } = await readJsonBody(this.#body, {
      bytesMax: jsonBytesMax(route),
      isCompressed: coding === "zstd",
      budget: this.#world.jsonBudget,
    });
    this.#releaseJson = release;
    this.#json = json;
    return schema === undefined ? undefined : validate(schema, this.#json, "body");
  }

  #conditions(facts: unknown): Conditions {
    const { request } = this.#arrived;
    const body = facts === undefined ? this.#json : facts;
    return readConditions(request.headers, {
      method: request.method ?? "",
      url: request.url ?? "/",
      body,
      callerId: this.#userId,
    });
  }
}
