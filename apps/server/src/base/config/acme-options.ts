import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { z } from "zod";

const domainsMax = 100;

const domains = z.preprocess(
  (value) => (typeof value === "string" ? value.split(",").map((name) => name.trim()) : value),
  z
    .array(z.string().max(1000))
    .min(1)
    .max(domainsMax, `must name at most ${domainsMax} domains`)
    .transform((names, context) => {
      const read = names.map((name) => domainToASCII(name.replace(/\.$/, "")).toLowerCase());
      const at = read.findIndex((name, index) => !isName(name, names[index] as string));
      if (at === -1) return [...new Set(read)];
      context.addIssue({ code: "custom", message: notAName(names[at] as string) });
      return z.NEVER;
    }),
);

export const acmeOptions = {
  acme: domains,
  acme_email: z.string().regex(/^[^\s@,;?&]{1,64}@[^\s@,;?&]{1,255}$/, "must be an address like me@example.org"),
  acme_directory: z.string().refine(isDirectory, "must be the https address of an authority's ACME directory"),
  acme_ca: z.string().min(1).max(4096),
} as const satisfies Record<string, z.ZodType>;

const labelPattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

function isName(name: string, given: string): boolean {
  return (
    !/[\s/:@%*]/.test(given) &&
    name.length <= 253 &&
    isIP(name) === 0 &&
    name.split(".").every((label) => labelPattern.test(label))
  );
}

function notAName(given: string): string {
  const shown = JSON.stringify(given.slice(0, 100));
  if (given.includes("*")) return `${shown} is a wildcard, which would require changes of the DNS; list each name`;
  if (isIP(given.replaceAll(/[[\]]/g, "")) !== 0) return `${shown} is an IP address; give a domain name`;
  return `${shown} is not a domain name; give the name alone, like drive.example.org`;
}

function isDirectory(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, username, password } = new URL(url);
  return protocol === "https:" && username === "" && password === "";
}
