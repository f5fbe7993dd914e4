import type { UserId } from "@holdfast/core/ids";
import type { UserRow } from "../db/account-tables.ts";
import type { AccountWorld } from "./account-world.ts";
import { guardAttempt, throttleKey, type WiderCount } from "./attempts.ts";
import { findUserByEmail } from "./directory.ts";
import { emailKey } from "./email-address.ts";
import type { KnownDevice } from "./known-device.ts";
import type { OutsidePerson, PersonGuard } from "./outside-passwords.ts";
import { accountLine, isPassword, sourceLine, type Turn } from "./passwords.ts";

/** Whose password it was; without an account where one elsewhere is about to get one. */
export interface Proved {
  readonly user: UserRow | undefined;
  readonly outside?: OutsidePerson;
}

interface Claimed {
  /** Or what it is known by elsewhere. */
  readonly email: string;
  readonly password: string;
  readonly onClaimed?: (userId: UserId) => void;
}

/** The device of an attempt, which has signed in before, and its account. */
export interface KnownSender {
  readonly device: KnownDevice;
  /** The account of the name that is claimed, as it was a moment ago: `startSession` refuses where its password has changed since. */
  readonly user: UserRow;
}

interface Attempt {
  readonly known: KnownSender | undefined;
  readonly source: string;
}

/**
 * Failures of one that has not signed in before are counted three times: under name and source, for the name from all sources, and for the source
 * over all names, so that neither many sources guess at one account nor one source at many.
 *
 * Whether it is the password of this name, here or where else passwords are: here first, so that whoever has one here waits for nobody. Where that
 * other place gives no answer is counted as a wrong password too, since nobody knows that it was not one that is wrong here.
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
  // Many that are sent at once have all begun before the first has failed.
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

/** Takes as long whether or not there is such an account, and whether or not its password is elsewhere. */
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

/** Names are compared loosely there, so that one person has more names than anybody counts: guesses are counted by who it would be, too. */
function personGuard({ throttle }: AccountWorld, device: KnownDevice | undefined, source: string): PersonGuard {
  return (person, attempt) => {
    const known = `outside ${person}\0${device?.id ?? source}`;
    const wider = device === undefined ? [accountWideCount(`outside ${person}`)] : [];
    return guardAttempt(throttle, throttleKey("sign-in", known), attempt, ...wider);
  };
}

/** So many sources may fail as often as each may before an account is closed to all but its known devices. */
const sourcesMin = 10;

/** Under which failures of all sources together are counted. @param account the key of its address */
export function accountWideCount(account: string): WiderCount {
  return { key: throttleKey("account", account), weight: 1 / sourcesMin };
}

/** Behind one address there may be an office, whose people mistype: it may fail as often as so many accounts from one each. */
const accountsMin = 10;

function sourceWideCount(source: string): WiderCount {
  return { key: throttleKey("source", source), weight: 1 / accountsMin };
}
