import type { SettingJson } from "@holdfast/protocol/admin-routes";
import type { LimitName } from "./rate.ts";
import { shownLdap } from "./ldap-settings.ts";
import { shownOidc } from "./oidc-settings.ts";
import { shownRetention } from "./retention-settings.ts";
import { shownDrills } from "./drill-settings.ts";
import { shownDuration } from "./durations.ts";
import { shownSnapshots } from "./snapshot-settings.ts";
import { shownAddress } from "./shown-address.ts";
import { limitOptions, optionDefaults, type OptionName, optionSchemas, type Options } from "./options.ts";
import type { Config } from "./read-config.ts";

/** Effective settings for administrators, without passwords and keys. */
export function settingsInForce(config: Config): SettingJson[] {
  const { options, sources } = config.given;
  const defaults: Options = { ...optionDefaults, ...computedDefaults(config) };
  const shown: Readonly<Record<string, unknown>> = {
    ...shownRetention(config.retention),
    ...shownSnapshots(config.snapshots),
    ...shownDrills(config.drills),
    oidc: shownOidc(options.oidc),
    ldap: shownLdap(options.ldap),
    scrub_period: shownDuration(config.scrubPeriodMs),
    browser_session: config.browserSessionMs === undefined ? "off" : shownDuration(config.browserSessionMs),
    standby_reads: config.standbyReadsMsMax === 0 ? "off" : shownDuration(config.standbyReadsMsMax),
    doctor_period: config.doctorPeriodMs === undefined ? "off" : shownDuration(config.doctorPeriodMs),
  };
  return (Object.keys(optionSchemas) as OptionName[]).map((name) => {
    const secret = name === "admin_password";
    const value = secret ? null : hidePasswords(shown[name] ?? options[name] ?? defaults[name] ?? null);
    return { name, value, secret, source: sources[name] ?? "default" };
  });
}

/** Defaults that depend on the machine or other settings. */
function computedDefaults(config: Config): Options {
  const rates = (Object.entries(limitOptions) as [LimitName, OptionName][]).map(([limit, name]) => {
    const perMinute = (config.rates[limit]?.perSecond ?? 0) * 60;
    return [name, Math.round(perMinute * 1000) / 1000];
  });
  return {
    ...(Object.fromEntries(rates) as Options),
    data: config.dataFolder,
    listen: `${config.listen.host}:${config.listen.port}`,
    ...(config.acme === undefined ? {} : { acme_directory: config.acme.directory }),
  };
}

/** Hides passwords in URLs of databases, mail servers and stores at any depth. */
function hidePasswords(value: unknown): unknown {
  if (typeof value === "string") return shownAddress(value);
  if (Array.isArray(value)) return value.map(hidePasswords);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, hidePasswords(each)]));
}
