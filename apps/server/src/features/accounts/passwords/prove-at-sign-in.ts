import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../../../base/db/account-tables.ts";
import type { AccountWorld } from "../context/account-world.ts";
import { guardAttempt, throttleKey, type WiderCount } from "../context/attempts.ts";
import { findUserByEmail } from "../context/directory.ts";
import { emailKey } from "../context/email-address.ts";
import type { KnownDevice } from "./known-device.ts";
import type { OutsidePerson, PersonGuard } from "../context/outside-passwords.ts";
import { accountLine, isPassword, sourceLine, type Turn } from "./passwords.ts";

/** Account with this password; undefined if a person of the other server will get one. */
export interface Proved {
  readonly user: UserRow | undefined;
  readonly outside?: OutsidePerson;
}

interface Claimed {
  /** Address, or name at the other server. */
  readonly email: string;
  readonly password: string;
  readonly onClaimed?: (userId: UserId) => void;
}

export interface KnownSender {
  readonly device: KnownDevice;
  /** Account as read before; `startSession` refuses if its password has changed. */
  readonly user: UserRow;
}

interface Attempt {
  readonly known: KnownSender | undefined;
  readonly source: string;
}

/**
 * Checks the password here first, so that people with a local password never wait for the other server. Without its
 * answer, the attempt counts as a failure, because the password may be wrong here. Failures of unknown devices count by
 * name and source, by name, and by source: many sources cannot guess at one account, nor one source at many accounts.
 * @throws HoldfastError rate_limited, unavailable
 */
export async function proveAtSignIn(
  world: AccountWorld,
  request: Claimed,
  { known, source }: Attempt,
): Promise<Proved | undefined> {
  const device = known?.device;
  let refused: { readonly error: unknown } | undefined;
  const wide = sourceWideCount(source);
  // Simultaneous attempts all begin before the first fails, so each checks again at its turn.
  const turn =
    device === undefined
      ? { line: sourceLine(source), begin: () => world.throttle.check(wide.key) }
      : { line: accountLine(device.userId) };
  const attempt = async (): Promise<Proved | undefined> => {
    const user = await proveHere(world, request, known?.user, turn);
    if (user !== undefined) return { user };
    try {
      return await proveElsewhere(world, request, { known, source });
    } catch (error) {
      refused = { error };
      return undefined;
    }
  };
  const account = emailKey(request.email);
  const proved =
    device === undefined
      ? await guardAttempt(
          world.throttle,
          throttleKey("sign-in", `${account}\0${source}`),
          attempt,
          accountWideCount(account),
          wide,
        )
      : await guardAttempt(world.throttle, throttleKey("device", device.id), attempt);
  if (proved === undefined && refused !== undefined) throw refused.error;
  return proved;
}

/** Takes equally long if there is no account, or its password is elsewhere. */
async function proveHere(
  world: AccountWorld,
  request: Claimed,
  known: UserRow | undefined,
  turn: Turn,
): Promise<UserRow | undefined> {
  const claimed = known ?? (await findUserByEmail(world.shards, request.email));
  if (claimed !== undefined) request.onClaimed?.(claimed.id);
  const isHere = claimed !== undefined && (await world.outsidePasswords?.holds(claimed.id)) !== true;
  const isRight = await isPassword(isHere ? claimed.password_hash : undefined, request.password, turn);
  return isRight ? claimed : undefined;
}

async function proveElsewhere(
  world: AccountWorld,
  { email, password, onClaimed }: Claimed,
  { known, source }: Attempt,
): Promise<Proved | undefined> {
  const guard = personGuard(world, known?.device, source);
  const person = await world.outsidePasswords?.find(email.trim(), password, guard);
  if (person === undefined) return undefined;
  if (person.account !== undefined) onClaimed?.(person.account.id);
  return { user: person.account, outside: person };
}

/** Guesses count by person, too, because the other server compares names loosely. */
function personGuard({ throttle }: AccountWorld, device: KnownDevice | undefined, source: string): PersonGuard {
  return (person, attempt) => {
    const known = `outside ${person}\0${device?.id ?? source}`;
    const wider = device === undefined ? [accountWideCount(`outside ${person}`)] : [];
    return guardAttempt(throttle, throttleKey("sign-in", known), attempt, ...wider);
  };
}

/** Sources that must use up their failures before an account is closed to unknown devices. */
const sourcesMin = 10;

/** @param account `emailKey` of its address */
export function accountWideCount(account: string): WiderCount {
  return { key: throttleKey("account", account), weight: 1 / sourcesMin };
}

/**
 * Accounts that must use up their failures before a source is closed: people of an office share an address and mistype.
 */
const accountsMin = 10;

function sourceWideCount(source: string): WiderCount {
  return { key: throttleKey("source", source), weight: 1 / accountsMin };
}
