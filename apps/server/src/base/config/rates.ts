import { limitNames, type Rate, type Rates } from "./rate.ts";
import { limitOptions, type Options } from "./options.ts";

/** Amount per minute for each bucket; 0: no limit. Bytes are those received from clients. */
const presets = {
  default: {
    calls: 12_000,
    address: 5000,
    sign_in: 10,
    operations: 1_200_000,
    uploads: 120_000,
    bytes: 120e9,
  },
  // For each user 1,000 calls a minute, and 100 uploads and 10 GB an hour.
  public: {
    calls: 1000,
    address: 1000,
    sign_in: 10,
    operations: 60_000,
    uploads: 100 / 60,
    bytes: 10e9 / 60,
  },
} as const;

export function ratesOf(options: Options): Rates {
  const preset = presets[options.rate_limit_preset ?? "default"];
  const entries = limitNames.map((name) => {
    const perMinute = options[limitOptions[name]] ?? preset[name];
    return [name, perMinute === 0 ? undefined : rateOf(name, perMinute)] as const;
  });
  const rates = Object.fromEntries(entries) as Record<(typeof limitNames)[number], Rate | undefined>;
  return { ...rates, sign_up: hourly(rates.sign_in) };
}

/** The number of failed sign-ins per minute is also the number of sign-ups per network and hour. */
function hourly(rate: Rate | undefined): Rate | undefined {
  return rate === undefined ? undefined : { ...rate, perSecond: rate.perSecond / 60 };
}

/**
 * People mistype repeatedly, so all failures of a minute may come together. Hourly amounts may be used at any time in
 * the hour.
 */
function rateOf(name: (typeof limitNames)[number], perMinute: number): Rate {
  const burst = { sign_in: perMinute, uploads: perMinute * 60, bytes: perMinute * 60 }[name as string] ?? perMinute / 6;
  return { perSecond: perMinute / 60, burst: Math.max(1, burst) };
}
